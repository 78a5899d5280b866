#include "core/base/tsv.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/number.h"

static void *allocate(const char *path, size_t count, size_t size)
{
    void *memory = calloc(count ? count : 1, size);
    if (!memory) die(EXIT_SYSTEM, "%s: no memory for %zu cells", path, count);
    return memory;
}

static size_t count_char(const char *text, char wanted)
{
    size_t count = 0;
    for (; *text; ++text) count += *text == wanted;
    return count;
}

// Refuses what no cell may hold, so that later code can rely on newlines, tabs and the final 0.
static void check_bytes(const char *path, const char *text, size_t size)
{
    if (!size) die(EXIT_INPUT, "%s: is empty (expected a line of column names)", path);
    size_t line = 1;
    for (size_t i = 0; i < size; ++i) {
        if (!text[i]) die(EXIT_INPUT, "%s:%zu: a 0 byte (not a text file)", path, line);
        if (text[i] == '\r')
            die(EXIT_INPUT, "%s:%zu: a carriage return (end lines by a newline only)",
                path, line);
        line += text[i] == '\n';
    }
    if (text[size - 1] != '\n')
        die(EXIT_INPUT, "%s:%zu: no newline at the end (cut short?)", path, line);
}

// fields (columns) = the cells of the line at `text`, each terminated by a 0. Returns the start of
// the next line.
static char *split_line(char **fields, size_t columns, char *text, const char *path,
                        size_t line)
{
    char *end = strchr(text, '\n');
    *end = 0;
    size_t found = count_char(text, '\t') + 1;
    if (found != columns)
        die(EXIT_INPUT, "%s:%zu: %zu cells where the header has %zu", path, line, found,
            columns);
    for (size_t i = 0; i < columns; ++i) {
        fields[i] = text;
        text += strcspn(text, "\t");
        *text++ = 0;
    }
    return end + 1;
}

static void check_names(const struct tsv *table, size_t line)
{
    for (size_t i = 0; i < table->columns; ++i) {
        if (!*table->names[i])
            die(EXIT_INPUT, "%s:%zu: column %zu has no name", table->path, line, i + 1);
        if (tsv_find(table, table->names[i]) != (int)i)
            die(EXIT_INPUT, "%s:%zu: column '%s' occurs twice", table->path, line,
                table->names[i]);
    }
}

void tsv_read(struct tsv *table, const char *path)
{
    size_t size, line = 1;
    char *text = file_read(&size, path, NULL);
    check_bytes(path, text, size);
    *table = (struct tsv){.text = text, .path = strdup(path)};
    if (!table->path) die(EXIT_SYSTEM, "%s: no memory", path);

    // Comments, then the column names.
    for (; *text == '#'; ++line) text = strchr(text, '\n') + 1;
    if (!*text) die(EXIT_INPUT, "%s:%zu: no line of column names", path, line);
    size_t header = (size_t)(strchr(text, '\n') - text);
    table->columns = 1;
    for (size_t i = 0; i < header; ++i) table->columns += text[i] == '\t';
    table->names = allocate(path, table->columns, sizeof *table->names);
    text = split_line(table->names, table->columns, text, path, line);
    check_names(table, line);

    // Every other line is a row.
    table->rows = count_char(text, '\n');
    table->cells = allocate(path, table->rows * table->columns, sizeof *table->cells);
    for (size_t row = 0; row < table->rows; ++row)
        text = split_line(table->cells + row * table->columns, table->columns, text,
                          path, ++line);
}

void tsv_free(struct tsv *table)
{
    free(table->names);
    free(table->cells);
    free(table->text);
    free(table->path);
    *table = (struct tsv){0};
}

int tsv_find(const struct tsv *table, const char *name)
{
    for (size_t i = 0; i < table->columns; ++i)
        if (!strcmp(table->names[i], name)) return (int)i;
    return -1;
}

// The number of the column `name`. Dies when there is none.
static size_t column(const struct tsv *table, const char *name)
{
    int found = tsv_find(table, name);
    if (found < 0) die(EXIT_INPUT, "%s: has no column '%s'", table->path, name);
    return (size_t)found;
}

const char *tsv_cell(const struct tsv *table, size_t row, const char *name)
{
    require(row < table->rows, "%s: no row %zu of %zu", table->path, row, table->rows);
    return table->cells[row * table->columns + column(table, name)];
}

double tsv_number(const struct tsv *table, size_t row, const char *name)
{
    const char *cell = tsv_cell(table, row, name);
    double value = NAN;
    if (strcmp(cell, "nan") && !number_scan(&value, cell))
        die(EXIT_INPUT, "%s: row %zu, column '%s': '%s' is not a finite number or nan",
            table->path, row + 1, name, cell);
    return value;
}

long tsv_row(const struct tsv *table, const char *name, const char *value)
{
    size_t at = column(table, name);
    for (size_t row = 0; row < table->rows; ++row)
        if (!strcmp(table->cells[row * table->columns + at], value)) return (long)row;
    return -1;
}

void tsv_put(FILE *file, const char *text, char after)
{
    require(!strpbrk(text, "\t\n\r"), "a cell holds a tab or a line's end: '%s'", text);
    require(after == '\t' || after == '\n', "byte %d after a cell", after);
    fputs(text, file);
    fputc(after, file);
}

void tsv_put_number(FILE *file, double value, char after)
{
    char text[40];
    snprintf(text, sizeof text, "%.9g", value);
    if (strtod(text, NULL) != value) snprintf(text, sizeof text, "%.17g", value);
    tsv_put(file, isnan(value) ? "nan" : text, after); // printf may say "-nan"
}

void tsv_put_row(FILE *file, const double *numbers, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        tsv_put_number(file, numbers[i], i + 1 < count ? '\t' : '\n');
}
