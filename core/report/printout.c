#include "core/report/printout.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/report/memory.h"
#include "core/report/run_state.h"
#include "core/report/table.h"

// Adds one claim: its row, its statement, and how it was decided.
static void add_verdict(struct table *table, const struct verdict_row *row,
                        const struct claim *claim)
{
    char ours[NUMBER_TEXT], line[2048], sample[32] = "";
    interval_text(ours, row->estimate.value, row->estimate.low, row->estimate.high);
    table_row(table, (const char *const[]){claim->id, claim_published(claim), ours,
                                           verdict_name(row->verdict)});
    snprintf(line, sizeof line, "%s: %s", claim->place, claim->statement);
    table_under(table, line);

    if (row->estimate.n > 0)
        snprintf(sample, sizeof sample, "n = %zu", row->estimate.n);
    char *rests = text_joined(row->reason, row->scale),
         *remarks = text_joined(rests, row->finding);
    // A bare 0 is a pass of one claim and the failure of another: what it counts is said with it.
    const int found = isfinite(row->estimate.value);
    snprintf(line, sizeof line, "%s%s%s%s%s%s%s", found ? claim->quantity : "",
             found && (*sample || *row->test) ? "; " : "", sample,
             *sample && *row->test ? ", " : "", row->test,
             (found || *sample || *row->test) && *remarks ? ": " : "", remarks);
    if (*line) table_under(table, line);
    free(rests);
    free(remarks);
}

static void print_verdicts(const struct run *run, FILE *file)
{
    struct table table;
    const struct claims *claims = run_state_claims(run->state);
    table_open(&table, 4,
               (const char *const[]){"claim", "published", "ours", "verdict"});
    for (size_t i = 0; i < run->state->verdict_count; ++i) {
        const struct verdict_row *row = &run->state->verdicts[i];
        const long at = tsv_row(&claims->table, "id", row->id);
        if (at < 0) continue; // a claim withdrawn since
        const struct claim claim = claims_row(claims, (size_t)at);
        add_verdict(&table, row, &claim);
    }
    if (table.rows) {
        table_print(&table, file);
        putc('\n', file);
    }
    table_close(&table);
}

static void print_files(const struct run *run, FILE *file)
{
    const struct provenance *provenance = &run->state->provenance;
    fprintf(file, "files in %s:", run->folder);
    for (size_t i = 0; i < provenance->count; ++i)
        if (text_begins(provenance->lines[i].what, "file "))
            fprintf(file, " %s", provenance->lines[i].what + 5);
    fprintf(file, " provenance.tsv\n");
}

void printout_write(const struct run *run, FILE *file)
{
    fprintf(file, "%s, %s-%s\n\n", run->name, run->options.tier_name,
            run->options.data);
    print_verdicts(run, file);
    print_files(run, file);
}
