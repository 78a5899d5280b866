#include "core/report/store.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/report/memory.h"

static const char claims_path[] = "paper/claims.tsv";

struct run_store *store_make(void)
{
    struct run_store *store = array_grow(NULL, 0, sizeof *store);
    *store = (struct run_store){0};
    return store;
}

void store_free(struct run_store *store)
{
    for (size_t i = 0; i < store->verdict_count; ++i) {
        free(store->verdicts[i].id);
        free(store->verdicts[i].test);
        free(store->verdicts[i].note);
    }
    for (size_t i = 0; i < store->file_count; ++i) free(store->files[i]);
    free(store->verdicts);
    free(store->results);
    free(store->files);
    free(store->pilot);
    provenance_free(&store->provenance);
    if (store->claims_read) claims_free(&store->claims);
    free(store);
}

void store_file(struct run_store *store, const char *name)
{
    for (size_t i = 0; i < store->file_count; ++i)
        if (!strcmp(store->files[i], name)) return;
    store->files = array_grow(store->files, store->file_count, sizeof *store->files);
    store->files[store->file_count++] = text_copy(name);
}

const struct claims *store_claims(struct run_store *store)
{
    if (!store->claims_read) claims_read(&store->claims, claims_path);
    store->claims_read = 1;
    return &store->claims;
}

/// A table knows numbers and "nan"; an infinity is neither, and is not passed off as a number.
static void put_finite(FILE *file, double value, char after)
{
    tsv_put_number(file, isinf(value) ? (double)NAN : value, after);
}

void store_write_results(const struct run_store *store, const char *path)
{
    struct output output;
    output_open(&output, path);
    fprintf(output.file, "key\tvalue\tlow\thigh\tn\tunit\n");
    for (size_t i = 0; i < store->result_count; ++i) {
        const struct result *result = &store->results[i];
        tsv_put(output.file, result->key, '\t');
        put_finite(output.file, result->value, '\t');
        put_finite(output.file, result->low, '\t');
        put_finite(output.file, result->high, '\t');
        fprintf(output.file, "%zu\t", result->n);
        tsv_put(output.file, result->unit, '\n');
    }
    output_close(&output);
}

void store_write_verdicts(const struct run_store *store, const char *path)
{
    struct output output;
    output_open(&output, path);
    fprintf(output.file, "id\tverdict\testimate\tlow\thigh\tn\ttest\tnote\n");
    for (size_t i = 0; i < store->verdict_count; ++i) {
        const struct verdict_row *row = &store->verdicts[i];
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
