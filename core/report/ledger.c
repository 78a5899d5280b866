#include "core/report/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/memory.h"
#include "core/report/provenance.h"
#include "core/report/run_state.h"

static const char claims_path[] = "paper/claims.tsv", stale[] = "STALE",
                  failed[] = "ERROR";

// The folder of an experiment's results.
struct folder {
    char path[PATH_SIZE]; // RESULTS/TIER-DATA/NN-name
};

static int folder_has(const struct folder *folder, const char *file)
{
    char path[PATH_SIZE];
    path_format(path, "%s/%s", folder->path, file);
    return file_exists(path);
}

void ledger_row_take(struct ledger_row *row, enum verdict verdict,
                     const struct tsv *table, size_t at)
{
    row->state = verdict_name(verdict);
    row->estimate = verdicts_estimate(table, at);
    text_replace(&row->test, tsv_cell(table, at, "test"));
    text_replace(&row->reason, tsv_cell(table, at, "reason"));
    text_replace(&row->scale, tsv_cell(table, at, "scale"));
    text_replace(&row->finding, tsv_cell(table, at, "finding"));
}

// Copies the row of verdicts.tsv into `row` if it is worse than what `row` has.
static void take_verdict(struct ledger_row *row, const struct tsv *verdicts, size_t at,
                         const struct provenance *provenance)
{
    int verdict = verdict_find(tsv_cell(verdicts, at, "verdict")),
        before = verdict_find(row->state);
    if (verdict < 0) {
        row->state = stale;
        text_replace(&row->reason, "its verdict is an unknown word: run it again");
        return;
    }
    if (row->commit && verdict_worst((enum verdict)before, (enum verdict)verdict) ==
                           (enum verdict)before)
        return;
    const char *commit = provenance_find(provenance, "commit"),
               *dirty = provenance_find(provenance, "dirty"),
               *seconds = provenance_find(provenance, "seconds");
    ledger_row_take(row, (enum verdict)verdict, verdicts, at);
    text_replace(&row->seconds, seconds ? seconds : "");
    free(row->commit);
    row->commit = text_format("%.12s%s", commit ? commit : "unknown",
                              dirty && !strcmp(dirty, "yes") ? "+dirty" : "");
}

// Why the verdicts in a folder cannot be trusted; NULL if they can. Static storage.
static const char *doubt(const struct provenance *provenance, const char *claims,
                         const struct folder *folder)
{
    if (!provenance_holds_file(provenance, folder->path, "verdicts.tsv"))
        return "its provenance is missing or does not fit: run it again";
    const char *judged = provenance_find(provenance, "claims");
    if (!judged || strcmp(judged, claims) != 0)
        return "the table of claims changed since it was judged: run it again";
    return NULL;
}

// Looks up the claim in the verdicts of a folder, which must have been judged by the rows with this
// digest. Returns 1 if the row is stale, which is final.
static int gather_folder(struct ledger_row *row, const char *claims,
                         const struct folder *folder)
{
    char path[PATH_SIZE];
    struct provenance provenance;
    path_format(path, "%s/provenance.tsv", folder->path);
    provenance_read(&provenance, path); // empty if there is no sound one
    const char *why = doubt(&provenance, claims, folder);
    if (why) {
        row->state = stale;
        text_replace(&row->reason, why);
        provenance_free(&provenance);
        return 1;
    }
    // The digest is right, so the table is as it was written.
    struct tsv verdicts;
    path_format(path, "%s/verdicts.tsv", folder->path);
    tsv_read(&verdicts, path);
    long at = tsv_row(&verdicts, "id", row->claim.id);
    if (tsv_find(&verdicts, "finding") < 0) {
        row->state = stale;
        text_replace(&row->reason, "another version judged it: run it again");
    } else if (at >= 0)
        take_verdict(row, &verdicts, (size_t)at, &provenance);
    tsv_free(&verdicts);
    provenance_free(&provenance);
    return row->state == stale;
}

static int is_name(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

// Looks up the claim in the folders of an experiment's runs, ordered by name.
static void gather_runs(struct ledger_row *row, const char *claims,
                        const struct folder *folder)
{
    struct dirent **entries;
    int count = scandir(folder->path, &entries, is_name, alphasort), settled = 0;
    // An experiment that has not run has no folder; with any other failure its verdicts would
    // seem to be missing.
    if (count < 0 && errno != ENOENT && errno != ENOTDIR)
        die(EXIT_SYSTEM, "%s: cannot be read: %s", folder->path, strerror(errno));
    for (int i = 0; i < count; ++i) {
        struct folder run;
        path_format(run.path, "%s/%s", folder->path, entries[i]->d_name);
        if (!settled && folder_has(&run, "verdicts.tsv"))
            settled = gather_folder(row, claims, &run);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

// Takes the first line of the Makefile's note about a failed program, without bytes that a cell
// cannot hold.
static void gather_error(struct ledger_row *row, const struct folder *folder)
{
    char path[PATH_SIZE];
    size_t size;
    path_format(path, "%s/error.txt", folder->path);
    char *text = file_read(&size, path, NULL);
    text[strcspn(text, "\n")] = 0;
    for (char *c = text; *c; ++c)
        if ((unsigned char)*c < ' ') *c = ' ';
    row->state = failed;
    text_replace(&row->reason, *text ? text : "the program failed without a word");
    free(text);
}

// Why a claim without a verdict was not run.
static void gather_reason(struct ledger_row *row, const struct folder *folder,
                          enum tier tier, const char *data)
{
    char path[PATH_SIZE];
    const char *excluded = claim_excluded(&row->claim, tier, data);
    path_format(path, "experiments/%s/main.c", row->claim.experiment);
    free(row->reason);
    if (excluded)
        row->reason = text_copy(excluded);
    else if (!file_exists(path))
        row->reason = text_copy("no experiment yet");
    else if (folder_has(folder, "verdicts.tsv"))
        row->reason = text_copy("the experiment recorded no verdict on it");
    else
        row->reason = text_format("not run yet: `make %s`", row->claim.target);
}

static void gather_row(struct ledger_row *row, const struct ledger *ledger,
                       enum tier tier, const char *data)
{
    struct folder folder;
    char digest[HASH_HEX];
    claims_digest(digest, &ledger->claims, row->claim.experiment);
    path_format(folder.path, "%s/%s", ledger->root, row->claim.experiment);
    row->state = verdict_name(VERDICT_NOT_RUN);
    row->estimate = (struct estimate){NAN, NAN, NAN, 0};
    if (folder_has(&folder, "error.txt"))
        gather_error(row, &folder);
    else if (folder_has(&folder, "verdicts.tsv"))
        gather_folder(row, digest, &folder);
    else
        gather_runs(row, digest, &folder);
    // No row was copied, and no other state was found.
    if (!row->commit && !strcmp(row->state, verdict_name(VERDICT_NOT_RUN)))
        gather_reason(row, &folder, tier, data);
    char **const texts[] = {&row->test,    &row->reason, &row->scale,
                            &row->finding, &row->commit, &row->seconds};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
        if (!*texts[i]) text_replace(texts[i], "");
}

void ledger_build(struct ledger *ledger, const char *results, enum tier tier,
                  const char *data)
{
    *ledger = (struct ledger){0};
    path_format(ledger->root, "%s/%s-%s", results, tier_name(tier), data);
    claims_read(&ledger->claims, claims_path);
    for (size_t i = 0; i < ledger->claims.count; ++i) {
        struct ledger_row row = {.claim = claims_row(&ledger->claims, i)};
        gather_row(&row, ledger, tier, data);
        ledger->rows = array_grow(ledger->rows, ledger->count, sizeof *ledger->rows);
        ledger->rows[ledger->count++] = row;
    }
}

void ledger_free(struct ledger *ledger)
{
    for (size_t i = 0; i < ledger->count; ++i) {
        free(ledger->rows[i].test);
        free(ledger->rows[i].reason);
        free(ledger->rows[i].scale);
        free(ledger->rows[i].finding);
        free(ledger->rows[i].commit);
        free(ledger->rows[i].seconds);
    }
    free(ledger->rows);
    claims_free(&ledger->claims);
    *ledger = (struct ledger){0};
}

size_t ledger_arithmetic(const struct ledger *ledger)
{
    size_t count = 0;
    for (size_t i = 0; i < ledger->count; ++i)
        count += (size_t)claim_is_arithmetic(&ledger->rows[i].claim);
    return count;
}

void ledger_write(const struct ledger *ledger, const char *path)
{
    struct output output;
    output_open(&output, path);
    FILE *file = output.file;
    fprintf(file, "id\tplace\tprinted\tquantity\tunit\testimate\tlow\thigh\tn\ttest\t"
                  "margin\tverdict\treason\tscale\tfinding\tcommit\tseconds\n");
    for (size_t i = 0; i < ledger->count; ++i) {
        const struct ledger_row *row = &ledger->rows[i];
        tsv_put(file, row->claim.id, '\t');
        tsv_put(file, row->claim.place, '\t');
        tsv_put(file, row->claim.printed, '\t');
        tsv_put(file, row->claim.quantity, '\t');
        tsv_put(file, row->claim.unit, '\t');
        tsv_put_number(file, row->estimate.value, '\t');
        tsv_put_number(file, row->estimate.low, '\t');
        tsv_put_number(file, row->estimate.high, '\t');
        fprintf(file, "%zu\t", row->estimate.n);
        tsv_put(file, row->test, '\t');
        tsv_put_number(file, row->claim.margin, '\t');
        tsv_put(file, row->state, '\t');
        tsv_put(file, row->reason, '\t');
        tsv_put(file, row->scale, '\t');
        tsv_put(file, row->finding, '\t');
        tsv_put(file, row->commit, '\t');
        tsv_put(file, row->seconds, '\n');
    }
    output_close(&output);
}
