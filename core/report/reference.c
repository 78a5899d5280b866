#include "core/report/reference.h"

#include <dirent.h>
#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/lock.h"
#include "core/base/text.h"
#include "core/report/memory.h"
#include "core/report/provenance.h"

// True if the claim was not run because weights or data are missing: this says nothing about the
// claim, so it does not differ from any verdict.
static int lacks_input(const struct ledger_row *row)
{
    return !strcmp(row->state, verdict_name(VERDICT_NOT_RUN)) &&
           (text_begins(row->reason, REASON_NO_WEIGHTS) ||
            text_begins(row->reason, REASON_NO_DATA));
}

// Prints how the row differs from the reference, if it does. Returns 1 if it differs; *lacking
// counts the rows that could not be compared.
static size_t compare_row(size_t *lacking, const struct ledger_row *row,
                          const struct tsv *reference, FILE *file)
{
    long at = reference ? tsv_row(reference, "id", row->claim.id) : -1;
    const char *before = at >= 0 ? tsv_cell(reference, (size_t)at, "verdict") : NULL;
    if (!strcmp(row->state, "ERROR")) {
        fprintf(file, "%s: ERROR: %s\n", row->claim.id, row->reason);
        return 1;
    }
    if (!reference || (before && !strcmp(before, row->state))) return 0;
    if (before && lacks_input(row)) {
        fprintf(file, "%s: reference %s, not run here: %s\n", row->claim.id, before,
                row->reason);
        ++*lacking;
        return 0;
    }
    if (!before)
        fprintf(file, "%s: %s, not in the reference\n", row->claim.id, row->state);
    else {
        char *why = text_joined(row->reason, row->finding);
        fprintf(file, "%s: reference %s, now %s%s%s\n", row->claim.id, before,
                row->state, *why ? ": " : "", why);
        free(why);
    }
    return 1;
}

size_t ledger_compare(const struct ledger *ledger, const char *reference, FILE *file)
{
    struct tsv table = {0};
    const size_t subtractions = ledger_arithmetic(ledger);
    size_t lines = 0, lacking = 0;
    int have = file_exists(reference);
    if (have)
        tsv_read(&table, reference);
    else
        fprintf(file,
                "no reference at %s: nothing to compare with (make accept-reference "
                "REASON=\"...\" makes this ledger the reference)\n",
                reference);
    for (size_t i = 0; i < ledger->count; ++i)
        lines += compare_row(&lacking, &ledger->rows[i], have ? &table : NULL, file);
    for (size_t row = 0; row < table.rows; ++row) {
        const char *id = tsv_cell(&table, row, "id");
        if (tsv_row(&ledger->claims.table, "id", id) >= 0) continue;
        fprintf(file, "%s: reference %s, now no claim of the paper's table\n", id,
                tsv_cell(&table, row, "verdict"));
        ++lines;
    }
    if (have && !lines)
        fprintf(file, "all %zu claims and %zu subtractions have the verdicts of %s\n",
                ledger->count - lacking - subtractions, subtractions, reference);
    tsv_free(&table);
    return lines;
}

static void row_restore(struct ledger_row *row, const struct tsv *reference, size_t at)
{
    const int verdict = verdict_find(tsv_cell(reference, at, "verdict"));
    if (verdict < 0)
        die(EXIT_INPUT, "%s: %s has no verdict (git checkout results/reference)",
            reference->path, row->claim.id);
    ledger_row_take(row, (enum verdict)verdict, reference, at);
    text_replace(&row->commit, tsv_cell(reference, at, "commit"));
    text_replace(&row->seconds, tsv_cell(reference, at, "seconds"));
}

void ledger_restore(struct ledger *ledger, const char *reference, const char *target)
{
    struct tsv table;
    size_t known = 0, here = 0;
    for (size_t i = 0; i < ledger->count; ++i) {
        if (strcmp(ledger->rows[i].claim.target, target) != 0) continue;
        ++known;
        here += *ledger->rows[i].commit != 0;
    }
    if (!known)
        die(EXIT_USAGE, "%s: the target of no claim (give one like table1)", target);
    if (!here)
        die(EXIT_INPUT, "%s: has no result in %s (run `make %s`)", target, ledger->root,
            target);
    if (!file_exists(reference))
        die(EXIT_INPUT, "%s: is not there, so there are no rows to keep (accept all)",
            reference);
    tsv_read(&table, reference);
    for (size_t i = 0; i < ledger->count; ++i) {
        struct ledger_row *row = &ledger->rows[i];
        const long at = tsv_row(&table, "id", row->claim.id);
        if (at >= 0 && strcmp(row->claim.target, target) != 0)
            row_restore(row, &table, (size_t)at);
    }
    tsv_free(&table);
}

// Writes the reasons given so far, numbered, and a new one, so every change of the reference stays
// on record.
static void add_reason(const char *path, const char *date, const char *commit,
                       const char *reason)
{
    struct tsv old = {0};
    struct output output;
    if (file_exists(path)) tsv_read(&old, path);
    output_open(&output, path);
    fprintf(output.file, "number\tdate\tcommit\treason\n");
    for (size_t row = 0; row < old.rows; ++row) {
        fprintf(output.file, "%zu\t", row + 1);
        tsv_put(output.file, tsv_cell(&old, row, "date"), '\t');
        tsv_put(output.file, tsv_cell(&old, row, "commit"), '\t');
        tsv_put(output.file, tsv_cell(&old, row, "reason"), '\n');
    }
    fprintf(output.file, "%zu\t", old.rows + 1);
    tsv_put(output.file, date, '\t');
    tsv_put(output.file, commit, '\t');
    tsv_put(output.file, reason, '\n');
    output_close(&output);
    tsv_free(&old);
}

// Copies FROM/name to FOLDER, under the last part of its name.
static void copy_file(const char *folder, const char *from, const char *name)
{
    const char *slash = strrchr(name, '/');
    char source[PATH_SIZE], path[PATH_SIZE];
    path_format(source, "%s/%s", from, name);
    path_format(path, "%s/%s", folder, slash ? slash + 1 : name);
    file_copy(path, source);
}

static const char log_name[] = "log.tsv";

// True for a line of the provenance that lists what a reader wants to see: numbers, verdicts,
// tables, pictures and their captions in the experiment's own folder, and the log of a training.
static int is_shown(const char *what)
{
    // With FNM_PATHNAME a star stops at a slash: no name leads to another folder.
    static const char *const shown[] = {"file *.tsv", "file *.md", "file *.png",
                                        "file *.txt", "file ../../runs/*/log.tsv"};
    for (size_t i = 0; i < sizeof shown / sizeof *shown; ++i)
        if (!fnmatch(shown[i], what, FNM_PATHNAME)) return 1;
    return 0;
}

// Removes what an earlier reference has of an experiment, or of one of its runs.
static void forget_copies(const char *folder)
{
    struct provenance provenance;
    char path[PATH_SIZE];
    path_format(path, "%s/provenance.tsv", folder);
    if (provenance_read(&provenance, path)) {
        provenance_remove(&provenance, folder, NULL);
        unlink(path);
        path_format(path, "%s/%s", folder, log_name);
        unlink(path);
    }
    provenance_free(&provenance);
}

// Replaces the earlier reference's copies by the files of this result. Without a sound result the
// copies are removed, unless `keep` is nonzero.
static void accept_folder(const char *folder, const char *from, int keep)
{
    struct provenance provenance;
    char path[PATH_SIZE];
    path_format(path, "%s/provenance.tsv", from);
    const int sound =
        provenance_read(&provenance, path) && provenance_holds(&provenance, from);
    if (sound || !keep) forget_copies(folder);
    if (sound) {
        for (size_t i = 0; i < provenance.count; ++i)
            if (is_shown(provenance.lines[i].what))
                copy_file(folder, from, provenance.lines[i].what + strlen("file "));
        copy_file(folder, from, "provenance.tsv");
    }
    provenance_free(&provenance);
}

// The trainings, each with its own numbers and log. Those that are not here now were not trained
// here: what is known of them stays.
static void accept_runs(const char *folder, const char *from)
{
    struct dirent **entries;
    char copies[PATH_SIZE], run[PATH_SIZE];
    const int count = scandir(from, &entries, NULL, alphasort);
    for (int i = 0; i < count; ++i) {
        const char *name = entries[i]->d_name;
        path_format(run, "%s/%s", from, name);
        path_format(copies, "%s/%s", folder, name);
        if (*name != '.' && !file_exists(run)) accept_folder(copies, run, 1);
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

static int is_experiment(const struct dirent *entry)
{
    return !fnmatch("[0-9][0-9]-*", entry->d_name, 0);
}

// True if the experiment judges claims of that target; NULL: of any.
static int is_of_target(const struct ledger *ledger, const char *experiment,
                        const char *target)
{
    for (size_t i = 0; target && i < ledger->count; ++i)
        if (!strcmp(ledger->rows[i].claim.experiment, experiment) &&
            !strcmp(ledger->rows[i].claim.target, target))
            return 1;
    return !target;
}

// The same for each experiment of the target that has a folder in `listed`.
static void accept_experiments(const struct ledger *ledger, const char *folder,
                               const char *target, const char *listed)
{
    struct dirent **entries;
    char copies[PATH_SIZE], from[PATH_SIZE];
    const int count = scandir(listed, &entries, is_experiment, alphasort);
    for (int i = 0; i < count; ++i) {
        if (is_of_target(ledger, entries[i]->d_name, target)) {
            path_format(copies, "%s/%s", folder, entries[i]->d_name);
            path_format(from, "%s/%s", ledger->root, entries[i]->d_name);
            accept_folder(copies, from, 0);
            accept_runs(copies, from);
        }
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

void results_lock(const char *root)
{
    struct dirent **entries;
    char folder[PATH_SIZE];
    const int count = scandir(root, &entries, is_experiment, alphasort);
    for (int i = 0; i < count; ++i) {
        path_format(folder, "%s/%s", root, entries[i]->d_name);
        lock_take_writable(folder, "a run");
        free(entries[i]);
    }
    if (count >= 0) free(entries);
}

void ledger_accept(const struct ledger *ledger, const char *folder, const char *target,
                   const char *reason, const char *date, const char *commit)
{
    char path[PATH_SIZE];
    for (size_t i = 0; i < ledger->count; ++i)
        if (verdict_find(ledger->rows[i].state) < 0)
            die(EXIT_INPUT, "%s: %s is not a verdict to accept (run `make %s`)",
                ledger->rows[i].claim.id, ledger->rows[i].state,
                ledger->rows[i].claim.target);

    // The reason goes first: a reference without one must not be possible.
    path_format(path, "%s/reasons.tsv", folder);
    add_reason(path, date, commit, reason);
    // First what has no result now, then what has one.
    accept_experiments(ledger, folder, target, folder);
    accept_experiments(ledger, folder, target, ledger->root);
    path_format(path, "%s/ledger.tsv", folder);
    ledger_write(ledger, path);
}
