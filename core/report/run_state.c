#include "core/report/run_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/report/memory.h"

static const char claims_path[] = "paper/claims.tsv";

struct run_state *run_state_make(void)
{
    struct run_state *state = array_grow(NULL, 0, sizeof *state);
    *state = (struct run_state){.lock = -1};
    return state;
}

static void verdicts_free(struct run_state *state)
{
    for (size_t i = 0; i < state->verdict_count; ++i) {
        free(state->verdicts[i].id);
        free(state->verdicts[i].test);
        free(state->verdicts[i].reason);
        free(state->verdicts[i].scale);
        free(state->verdicts[i].finding);
    }
    free(state->verdicts);
    state->verdicts = NULL;
    state->verdict_count = 0;
}

void run_state_free(struct run_state *state)
{
    verdicts_free(state);
    for (size_t i = 0; i < state->file_count; ++i) free(state->files[i]);
    free(state->results);
    free(state->files);
    free(state->pilot);
    free(state->scale);
    free(state->arrays);
    provenance_free(&state->provenance);
    if (state->claims_read) claims_free(&state->claims);
    if (state->lock >= 0) close(state->lock);
    free(state);
}

struct verdict_row *run_state_verdict(struct run_state *state)
{
    state->verdicts =
        array_grow(state->verdicts, state->verdict_count, sizeof *state->verdicts);
    return &state->verdicts[state->verdict_count++];
}

void run_state_file(struct run_state *state, const char *name)
{
    for (size_t i = 0; i < state->file_count; ++i)
        if (!strcmp(state->files[i], name)) return;
    state->files = array_grow(state->files, state->file_count, sizeof *state->files);
    state->files[state->file_count++] = text_copy(name);
}

const struct claims *run_state_claims(struct run_state *state)
{
    if (!state->claims_read) claims_read(&state->claims, claims_path);
    state->claims_read = 1;
    return &state->claims;
}

// Tables hold finite numbers and NAN.
static void put_finite(FILE *file, double value, char after)
{
    tsv_put_number(file, isinf(value) ? (double)NAN : value, after);
}

void run_state_write_results(const struct run_state *state, const char *path)
{
    struct output output;
    output_open(&output, path);
    fprintf(output.file, "key\tvalue\tlow\thigh\tn\tunit\n");
    for (size_t i = 0; i < state->result_count; ++i) {
        const struct result *result = &state->results[i];
        tsv_put(output.file, result->key, '\t');
        put_finite(output.file, result->value, '\t');
        put_finite(output.file, result->low, '\t');
        put_finite(output.file, result->high, '\t');
        fprintf(output.file, "%zu\t", result->n);
        tsv_put(output.file, result->unit, '\n');
    }
    output_close(&output);
}

void run_state_write_verdicts(const struct run_state *state, const char *path)
{
    struct output output;
    output_open(&output, path);
    fprintf(output.file, "id\tverdict\testimate\tlow\thigh\tn\ttest\treason\tscale\t"
                         "finding\n");
    for (size_t i = 0; i < state->verdict_count; ++i) {
        const struct verdict_row *row = &state->verdicts[i];
        tsv_put(output.file, row->id, '\t');
        tsv_put(output.file, verdict_name(row->verdict), '\t');
        tsv_put_number(output.file, row->estimate.value, '\t');
        tsv_put_number(output.file, row->estimate.low, '\t');
        tsv_put_number(output.file, row->estimate.high, '\t');
        fprintf(output.file, "%zu\t", row->estimate.n);
        tsv_put(output.file, row->test, '\t');
        tsv_put(output.file, row->reason, '\t');
        tsv_put(output.file, row->scale, '\t');
        tsv_put(output.file, row->finding, '\n');
    }
    output_close(&output);
}

struct estimate verdicts_estimate(const struct tsv *verdicts, size_t row)
{
    return (struct estimate){tsv_number(verdicts, row, "estimate"),
                             tsv_number(verdicts, row, "low"),
                             tsv_number(verdicts, row, "high"),
                             strtoul(tsv_cell(verdicts, row, "n"), NULL, 10)};
}

void run_state_read(struct run_state *state, const char *folder)
{
    char path[PATH_SIZE];
    struct tsv table;
    path_format(path, "%s/provenance.tsv", folder);
    provenance_free(&state->provenance);
    provenance_read(&state->provenance, path);
    verdicts_free(state);
    path_format(path, "%s/verdicts.tsv", folder);
    tsv_read(&table, path);
    for (size_t row = 0; row < table.rows; ++row) {
        const int verdict = verdict_find(tsv_cell(&table, row, "verdict"));
        require(verdict >= 0, "%s: row %zu has no verdict", path, row + 1);
        *run_state_verdict(state) =
            (struct verdict_row){.id = text_copy(tsv_cell(&table, row, "id")),
                                 .test = text_copy(tsv_cell(&table, row, "test")),
                                 .reason = text_copy(tsv_cell(&table, row, "reason")),
                                 .scale = text_copy(tsv_cell(&table, row, "scale")),
                                 .finding = text_copy(tsv_cell(&table, row, "finding")),
                                 .verdict = (enum verdict)verdict,
                                 .estimate = verdicts_estimate(&table, row)};
    }
    tsv_free(&table);
}
