/// Tab-separated tables, our only text format for data: a line of column names, then one line a
/// row, without quoting. A cell may hold anything but tab, newline and carriage return. Lines
/// before the column names that begin with '#' are comments.
#ifndef MASKBOOK_BASE_TSV_H
#define MASKBOOK_BASE_TSV_H

#include <stddef.h>
#include <stdio.h>

struct tsv {
    size_t rows, columns;
    char **names; ///< (columns), owned
    char **cells; ///< (rows, columns) row-major, owned
    char *text;   ///< the file's bytes, into which names and cells point
    char *path;   ///< for messages, owned
};

/// Reads a table. Dies (EXIT_INPUT), naming path and line, for a row with too many or too few
/// cells, a duplicate or empty column name, a 0 byte, a missing final newline, or a missing file.
void tsv_read(struct tsv *table, const char *path);

/// Frees a table that tsv_read filled.
void tsv_free(struct tsv *table);

/// The number of the column `name`; -1 when there is none.
int tsv_find(const struct tsv *table, const char *name);

/// The cell of `row` in the column `name`. Dies (EXIT_INPUT) when there is no such column.
const char *tsv_cell(const struct tsv *table, size_t row, const char *name);

/// The cell as a finite number or NAN ("nan"). Dies (EXIT_INPUT) when it is neither.
double tsv_number(const struct tsv *table, size_t row, const char *name);

/// The first row whose cell in column `name` equals `value`; -1 when there is none.
long tsv_row(const struct tsv *table, const char *name, const char *value);

/// Writes one cell and then `after`, a tab or a newline. Requires `text` to hold neither, nor a
/// carriage return.
void tsv_put(FILE *file, const char *text, char after);

/// Writes a number that reads back with the same bits (%.9g, or %.17g where nine digits are too
/// few), "nan" for any NaN. An infinity is written as inf, which tsv_number refuses.
void tsv_put_number(FILE *file, double value, char after);

/// Writes numbers (count > 0) as a line, each as tsv_put_number does.
void tsv_put_row(FILE *file, const double *numbers, size_t count);

#endif
