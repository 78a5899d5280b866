/// Tab-separated tables, the suite's only text format for data: first line the column names,
/// one line a row, no quoting. A cell may hold anything but tab, newline and carriage return.
/// Lines that begin with '#' before the header are comments.
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

/// Reads a table. Dies (EXIT_INPUT) naming path and line for a ragged row, a duplicate or
/// empty column name, an embedded 0 byte, a missing final newline, or a missing file.
void tsv_read(struct tsv *table, const char *path);

/// Frees what tsv_read made.
void tsv_free(struct tsv *table);

/// Column number by name; -1 when absent.
int tsv_find(const struct tsv *table, const char *name);

/// The cell of `row` in the column `name`. Dies (EXIT_INPUT) when there is no such column.
const char *tsv_cell(const struct tsv *table, size_t row, const char *name);

/// The cell read as a finite number or "nan". Dies (EXIT_INPUT) when it is not one.
double tsv_number(const struct tsv *table, size_t row, const char *name);

/// The row whose column `name` equals `value`; -1 when there is none.
long tsv_row(const struct tsv *table, const char *name, const char *value);

/// Writes one cell (`text`, checked for tabs and newlines: contract) and then `after`, a tab
/// or a newline.
void tsv_put(FILE *file, const char *text, char after);

/// Writes a number so that it reads back the same (%.9g, or %.17g when nine digits lose bits),
/// "nan" for any NaN. An infinity is written as inf, which tsv_number refuses.
void tsv_put_number(FILE *file, double value, char after);

#endif
