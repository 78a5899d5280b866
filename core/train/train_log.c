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

enum { EPOCH, UPDATES, LOSS, LEARNING_RATE, RATE, DIGEST, ACCURACY, COLUMNS };
static const char *const column_names[COLUMNS] = {
    "epoch",          "updates",      "loss", "learning_rate", "images_per_second",
    "weights_sha256", "test_accuracy"};

// cells (COLUMNS) = the cells of a line, in the order of `column_names`; those that the table lacks
// stay. Returns 0 when the line has not `columns` cells.
static int line_split(const char **cells, char *line, const int *order, size_t columns)
{
    size_t found = 0;
    for (char *cell; (cell = strsep(&line, "\t")); ++found) {
        if (found == columns) return 0;
        cells[order[found]] = cell;
    }
    return found == columns;
}

static int number_read(double *value, const char *text)
{
    *value = (double)NAN;
    return strcmp(text, "nan") == 0 || number_scan(value, text);
}

static int line_read(struct log_line *line, const char *const *cells)
{
    if (strlen(cells[DIGEST]) + 1 != sizeof line->weights_sha256) return 0;
    memcpy(line->weights_sha256, cells[DIGEST], sizeof line->weights_sha256);
    return number_read(&line->epoch, cells[EPOCH]) &
           unsigned_scan(&line->updates, cells[UPDATES]) &
           number_read(&line->loss, cells[LOSS]) &
           number_read(&line->learning_rate, cells[LEARNING_RATE]) &
           number_read(&line->images_per_second, cells[RATE]) &
           number_read(&line->accuracy, cells[ACCURACY]);
}

// order (COLUMNS) = the column that each cell of the header names. Returns how many there are, 0
// when the line is no header of a log.
static size_t header_read(int *order, char *line)
{
    size_t columns = 0;
    unsigned seen = 0;
    for (char *cell; (cell = strsep(&line, "\t")); ++columns) {
        int column = 0;
        while (column < COLUMNS && strcmp(cell, column_names[column]) != 0) ++column;
        if (column == COLUMNS || seen & 1u << column) return 0;
        seen |= 1u << column;
        order[columns] = column;
    }
    return (seen | 1u << ACCURACY) == (1u << COLUMNS) - 1 ? columns : 0;
}

// Reads the text of a table. Returns 0, with some lines read, when it is no log.
static int lines_read(struct train_log *log, char *text, uint64_t updates)
{
    int order[COLUMNS];
    char *end = strchr(text, '\n');
    if (!end) return 0;
    *end = 0;
    const size_t columns = header_read(order, text);
    if (!columns) return 0;
    while (*(text = end + 1)) {
        const char *cells[COLUMNS] = {[ACCURACY] = "nan"};
        struct log_line line = {0};
        if (!(end = strchr(text, '\n'))) return 0;
        *end = 0;
        if (!line_split(cells, text, order, columns) || !line_read(&line, cells))
            return 0;
        if (line.updates <= updates) append(log, &line);
    }
    return 1;
}

// Returns 0, and no lines, when there is a file that is no log.
static int log_read(struct train_log *log, const char *path, uint64_t updates)
{
    size_t size;
    *log = (struct train_log){0};
    path_format(log->path, "%s", path);
    if (!file_exists(path)) return 1;
    char *text = file_read(&size, path, NULL);
    const int good = strlen(text) == size && lines_read(log, text, updates);
    free(text);
    if (good) return 1;
    free(log->line);
    log->line = NULL;
    log->count = 0;
    return 0;
}

void train_log_open(struct train_log *log, const char *path, uint64_t updates)
{
    if (!log_read(log, path, updates))
        die(EXIT_INPUT,
            "%s: is not the log of a training (put it back, or remove it and the "
            "checkpoint next to it)",
            path);
}

void train_log_find(struct train_log *log, const char *path)
{
    if (!log_read(log, path, UINT64_MAX))
        fprintf(stderr, "%s: is not the log of a training, and is not read\n", path);
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
