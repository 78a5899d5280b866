/// Tables for people: aligned text on a terminal, Markdown for REPRODUCE.md and README.md. A table
/// shows, say, published | reference | yours | verdict. Data for programs are tab-separated
/// (core/base/tsv.h), never read back from here.
#ifndef MASKBOOK_REPORT_TABLE_H
#define MASKBOOK_REPORT_TABLE_H

#include <stddef.h>
#include <stdio.h>

/// Cells are UTF-8 and are copied; a cell that is a number makes its column right-aligned unless
/// another cell of the column is text.
struct table {
    size_t columns, rows;
    char **names; ///< (columns), owned
    char **cells; ///< (rows, columns) row-major, owned
    char **
        under; ///< (rows), owned: lines printed under a row on the terminal, NULL for none
};

/// An empty table with `columns` named columns.
void table_open(struct table *table, size_t columns, const char *const *names);

/// Adds a row of `columns` cells.
void table_row(struct table *table, const char *const *cells);

/// Adds a line of text under the last row, indented; Markdown leaves it out. Contract: there is a row.
void table_under(struct table *table, const char *text);

/// Prints the table with columns two spaces apart, a rule under the names, no trailing spaces.
void table_print(const struct table *table, FILE *file);

/// Prints the table as Markdown; `|` in a cell is escaped and line ends become spaces.
void table_markdown(const struct table *table, FILE *file);

/// Frees what the table owns.
void table_close(struct table *table);

enum { NUMBER_TEXT = 96 }; ///< bytes that the two functions below need at most

/// text (NUMBER_TEXT) = the number for people: "-" for NAN, whole numbers below 1e15 in full, else
/// four significant digits.
void number_text(char text[NUMBER_TEXT], double value);

/// text (NUMBER_TEXT) = "value [low, high]", or the value alone where the interval is NAN.
void interval_text(char text[NUMBER_TEXT], double value, double low, double high);

#endif
