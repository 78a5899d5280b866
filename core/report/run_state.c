#include "core/report/run_state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/memory.h"

static const char claims_path[] = "paper/claims.tsv";

struct run_state *run_state_make(void)
{
    struct run_state *state = array_grow(NULL, 0, sizeof *state);
    *state = (struct run_state){0};
    return state;
}

void run_state_free(struct run_state *state)
{
    for (size_t i = 0; i < state->verdict_count; ++i) {
        free(state->verdicts[i].id);
        free(state->verdicts[i].test);
        free(state->verdicts[i].note);
    }
    for (size_t i = 0; i < state->file_count; ++i) free(state->files[i]);
    free(state->verdicts);
    free(state->results);
    free(state->files);
    free(state->pilot);
    provenance_free(&state->provenance);
    if (state->claims_read) claims_free(&state->claims);
    free(state);
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

/// A table knows numbers and "nan"; an infinity is neither, and is not passed off as a number.
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
    fprintf(output.file, "id\tverdict\testimate\tlow\thigh\tn\ttest\tnote\n");
    for (size_t i = 0; i < state->verdict_count; ++i) {
        const struct verdict_row *row = &state->verdicts[i];
        tsv_put(output.file, row->id, '\t');
        tsv_put(output.file, verdict_name(row->verdict), '\t');
        put_finite(output.file, row->estimate.value, '\t');
        put_finite(output.file, row->estimate.low, '\t');
        put_finite(output.file, row->estimate.high, '\t');
        fprintf(output.file, "%zu\t", row->estimate.n);
        tsv_put(output.file, row->test, '\t');
        tsv_put(output.file, row->note, '\n');
    }
    output_close(&output);
}
