#include "core/train/history.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/base/tsv.h"

static void append(struct history *history, const struct moment *moment)
{
    size_t count = history->count + 1;
    struct moment *moments = realloc(history->moments, count * sizeof *moments);
    if (!moments) die(EXIT_SYSTEM, "%s: no memory for %zu lines", history->path, count);
    moments[history->count] = *moment;
    history->moments = moments;
    history->count = count;
}

static struct moment moment_read(const struct tsv *table, size_t row)
{
    struct moment moment = {
        .epoch = tsv_number(table, row, "epoch"),
        .loss = tsv_number(table, row, "loss"),
        .learning_rate = tsv_number(table, row, "learning_rate"),
        .images_per_second = tsv_number(table, row, "images_per_second"),
        .accuracy = tsv_find(table, "test_accuracy") < 0
                        ? 0
                        : tsv_number(table, row, "test_accuracy"),
    };
    const char *digest = tsv_cell(table, row, "weights_sha256");
    if (!unsigned_scan(&moment.updates, tsv_cell(table, row, "updates")) ||
        strlen(digest) + 1 != sizeof moment.weights_sha256)
        die(EXIT_INPUT,
            "%s: row %zu is not a line of a training's log (remove the file)",
            table->path, row + 1);
    memcpy(moment.weights_sha256, digest, sizeof moment.weights_sha256);
    return moment;
}

void history_open(struct history *history, const char *path, uint64_t updates)
{
    *history = (struct history){0};
    path_format(history->path, "%s", path);
    if (!file_exists(path)) return;
    struct tsv table;
    tsv_read(&table, path);
    for (size_t row = 0; row < table.rows; ++row) {
        struct moment moment = moment_read(&table, row);
        if (moment.updates <= updates) append(history, &moment);
    }
    tsv_free(&table);
}

// Trainings without a test have no column for it.
static int has_accuracy(const struct history *history)
{
    for (size_t i = 0; i < history->count; ++i)
        if (history->moments[i].accuracy != 0) return 1;
    return 0;
}

void history_add(struct history *history, const struct moment *moment)
{
    append(history, moment);
    const int accuracy = has_accuracy(history);
    struct output output;
    output_open(&output, history->path);
    fprintf(
        output.file,
        "epoch\tupdates\tloss\tlearning_rate\timages_per_second\t%sweights_sha256\n",
        accuracy ? "test_accuracy\t" : "");
    for (size_t i = 0; i < history->count; ++i) {
        const struct moment *line = &history->moments[i];
        tsv_put_number(output.file, line->epoch, '\t');
        fprintf(output.file, "%" PRIu64 "\t", line->updates);
        tsv_put_number(output.file, line->loss, '\t');
        tsv_put_number(output.file, line->learning_rate, '\t');
        tsv_put_number(output.file, line->images_per_second, '\t');
        if (accuracy) tsv_put_number(output.file, line->accuracy, '\t');
        tsv_put(output.file, line->weights_sha256, '\n');
    }
    output_close(&output);
}

void history_close(struct history *history)
{
    free(history->moments);
    *history = (struct history){0};
}
