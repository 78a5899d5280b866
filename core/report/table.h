/// Tables for readers: aligned text on a terminal, Markdown for files, with columns such as
/// published | measured | verdict. Programs read tab-separated tables instead
/// (core/base/tsv.h).
#ifndef MASKBOOK_REPORT_TABLE_H
#define MASKBOOK_REPORT_TABLE_H

#include <stddef.h>
#include <stdio.h>

/// Cells are UTF-8 and are copied; a cell that is a number makes its column one of numbers, aligned
/// at their points, unless another cell of the column is text.
struct table {
    size_t columns, rows;
    char **names; ///< (columns), owned
    char **cells; ///< (rows, columns) row-major, owned
    /// (rows), owned: lines printed under a row on the terminal; NULL: none.
    char **under;
};

/// An empty table with `columns` named columns.
void table_open(struct table *table, size_t columns, const char *const *names);

/// Adds a row of `columns` cells.
void table_row(struct table *table, const char *const *cells);

/// Adds a line of text under the last row, indented on the terminal; Markdown omits it. Contract:
/// there is a row.
void table_under(struct table *table, const char *text);

/// Prints the table with columns two spaces apart, a rule under the names, no trailing spaces.
void table_print(const struct table *table, FILE *file);

/// Prints the table as Markdown; `|` in a cell is escaped and line ends become spaces.
void table_markdown(const struct table *table, FILE *file);

/// Frees what the table owns.
void table_close(struct table *table);

/// The size of the texts of the next two functions.
enum { NUMBER_TEXT = 96 };

/// text (NUMBER_TEXT) = the number for readers: "-" for NAN, whole numbers below 1e15 in full, else
/// four significant digits.
void number_text(char text[NUMBER_TEXT], double value);

/// text (NUMBER_TEXT) = "value [low, high]", or the value alone where the interval is NAN.
void interval_text(char text[NUMBER_TEXT], double value, double low, double high);

#endif
