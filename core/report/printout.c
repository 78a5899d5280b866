#include "core/report/printout.h"

#include <string.h>

#include "core/report/run_state.h"
#include "core/report/table.h"

/// Adds one claim: its row, its statement, and how it was decided.
static void add_verdict(struct table *table, const struct tsv *verdicts, size_t row,
                        const struct claim *claim)
{
    char ours[NUMBER_TEXT], line[2048];
    interval_text(ours, tsv_number(verdicts, row, "estimate"),
                  tsv_number(verdicts, row, "low"), tsv_number(verdicts, row, "high"));
    table_row(table, (const char *const[]){claim->id, claim->printed, ours,
                                           tsv_cell(verdicts, row, "verdict")});
    snprintf(line, sizeof line, "%s: %s", claim->place, claim->statement);
    table_under(table, line);

    const char *test = tsv_cell(verdicts, row, "test"),
               *note = tsv_cell(verdicts, row, "note"),
               *n = tsv_cell(verdicts, row, "n");
    snprintf(line, sizeof line, "%s%s%s%s%s%s", strcmp(n, "0") ? "n = " : "",
             strcmp(n, "0") ? n : "", strcmp(n, "0") && *test ? ", " : "", test,
             (strcmp(n, "0") || *test) && *note ? ": " : "", note);
    if (*line) table_under(table, line);
}

static void print_verdicts(const struct run *run, const char *path, FILE *file)
{
    struct tsv verdicts;
    struct table table;
    const struct claims *claims = run_state_claims(run->state);
    tsv_read(&verdicts, path);
    table_open(&table, 4,
               (const char *const[]){"claim", "published", "ours", "verdict"});
    for (size_t row = 0; row < verdicts.rows; ++row) {
        long at = tsv_row(&claims->table, "id", tsv_cell(&verdicts, row, "id"));
        if (at < 0) continue; // a claim withdrawn since
        struct claim claim = claims_row(claims, (size_t)at);
        add_verdict(&table, &verdicts, row, &claim);
    }
    if (table.rows) {
        table_print(&table, file);
        putc('\n', file);
    }
    table_close(&table);
    tsv_free(&verdicts);
}

static void print_files(const struct run *run, FILE *file)
{
    char path[PATH_SIZE];
    struct provenance provenance;
    path_format(path, "%s/provenance.tsv", run->folder);
    fprintf(file, "files in %s:", run->folder);
    provenance_read(&provenance, path);
    for (size_t i = 0; i < provenance.count; ++i)
        if (!strncmp(provenance.lines[i].what, "file ", 5))
            fprintf(file, " %s", provenance.lines[i].what + 5);
    fprintf(file, " provenance.tsv\n");
    provenance_free(&provenance);
}

void printout_write(const struct run *run, FILE *file)
{
    char path[PATH_SIZE];
    path_format(path, "%s/verdicts.tsv", run->folder);
    fprintf(file, "%s, %s-%s\n\n", run->name, run->options.tier_name,
            run->options.data);
    print_verdicts(run, path, file);
    print_files(run, file);
}
