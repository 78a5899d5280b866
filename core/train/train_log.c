#include "core/train/train_log.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/base/tsv.h"

static void append(struct train_log *log, const struct log_line *line)
{
    size_t count = log->count + 1;
    struct log_line *lines = realloc(log->line, count * sizeof *lines);
    if (!lines) die(EXIT_SYSTEM, "%s: no memory for %zu lines", log->path, count);
    lines[log->count] = *line;
    log->line = lines;
    log->count = count;
}

static struct log_line line_read(const struct tsv *table, size_t row)
{
    struct log_line line = {
        .epoch = tsv_number(table, row, "epoch"),
        .loss = tsv_number(table, row, "loss"),
        .learning_rate = tsv_number(table, row, "learning_rate"),
        .images_per_second = tsv_number(table, row, "images_per_second"),
        .accuracy = tsv_find(table, "test_accuracy") < 0
                        ? (double)NAN
                        : tsv_number(table, row, "test_accuracy"),
    };
    const char *digest = tsv_cell(table, row, "weights_sha256");
    if (!unsigned_scan(&line.updates, tsv_cell(table, row, "updates")) ||
        strlen(digest) + 1 != sizeof line.weights_sha256)
        die(EXIT_INPUT,
            "%s: row %zu is not a line of a training's log (remove the file)",
            table->path, row + 1);
    memcpy(line.weights_sha256, digest, sizeof line.weights_sha256);
    return line;
}

void train_log_open(struct train_log *log, const char *path, uint64_t updates)
{
    *log = (struct train_log){0};
    path_format(log->path, "%s", path);
    if (!file_exists(path)) return;
    struct tsv table;
    tsv_read(&table, path);
    for (size_t row = 0; row < table.rows; ++row) {
        struct log_line line = line_read(&table, row);
        if (line.updates <= updates) append(log, &line);
    }
    tsv_free(&table);
}

static int has_accuracy(const struct train_log *log)
{
    for (size_t i = 0; i < log->count; ++i)
        if (!isnan(log->line[i].accuracy)) return 1;
    return 0;
}

void train_log_add(struct train_log *log, const struct log_line *line)
{
    append(log, line);
    const int accuracy = has_accuracy(log);
    struct output output;
    output_open(&output, log->path);
    fprintf(
        output.file,
        "epoch\tupdates\tloss\tlearning_rate\timages_per_second\t%sweights_sha256\n",
        accuracy ? "test_accuracy\t" : "");
    for (size_t i = 0; i < log->count; ++i) {
        const struct log_line *one = &log->line[i];
        tsv_put_number(output.file, one->epoch, '\t');
        fprintf(output.file, "%" PRIu64 "\t", one->updates);
        tsv_put_number(output.file, one->loss, '\t');
        tsv_put_number(output.file, one->learning_rate, '\t');
        tsv_put_number(output.file, one->images_per_second, '\t');
        if (accuracy) tsv_put_number(output.file, one->accuracy, '\t');
        tsv_put(output.file, one->weights_sha256, '\n');
    }
    output_close(&output);
}

void train_log_close(struct train_log *log)
{
    free(log->line);
    *log = (struct train_log){0};
}
