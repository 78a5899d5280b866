#include "core/report/table.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/memory.h"

void table_open(struct table *table, size_t columns, const char *const *names)
{
    require(columns > 0, "a table without columns");
    *table = (struct table){.columns = columns};
    for (size_t c = 0; c < columns; ++c) {
        table->names = array_grow(table->names, c, sizeof *table->names);
        table->names[c] = text_copy(names[c]);
    }
}

void table_row(struct table *table, const char *const *cells)
{
    for (size_t c = 0; c < table->columns; ++c) {
        size_t used = table->rows * table->columns + c;
        table->cells = array_grow(table->cells, used, sizeof *table->cells);
        table->cells[used] = text_copy(cells[c]);
    }
    table->under = array_grow(table->under, table->rows, sizeof *table->under);
    table->under[table->rows++] = NULL;
}

void table_under(struct table *table, const char *text)
{
    require(table->rows > 0, "a line under no row");
    char **under = &table->under[table->rows - 1];
    char *longer =
        *under ? text_format("%s\n    %s", *under, text) : text_format("    %s", text);
    free(*under);
    *under = longer;
}

// Columns on a screen: code points of UTF-8, counted by their first bytes.
static size_t text_width(const char *text)
{
    size_t width = 0;
    for (; *text; ++text) width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

// True for a cell that begins like a number, or is the dash for a missing one.
static int cell_is_number(const char *cell)
{
    if (!strcmp(cell, "-") || !*cell) return 1;
    char *end;
    strtod(cell, &end);
    return end != cell && !isalpha((unsigned char)*end);
}

static int column_is_number(const struct table *table, size_t column)
{
    for (size_t r = 0; r < table->rows; ++r)
        if (!cell_is_number(table->cells[r * table->columns + column])) return 0;
    return table->rows > 0;
}

// What a column needs: columns on a screen and, where it is of numbers, how many of them are before
// and from the decimal point on, which stands below that of the row above.
struct layout {
    size_t width, before, after;
    int number;
};

// How much of a cell is before the point of its first number: all of a dash, "12" of "12.5 [1, 2]".
static size_t before_point(const char *cell)
{
    const size_t sign = strspn(cell, "+-");
    return sign + strspn(cell + sign, "0123456789");
}

static struct layout column_layout(const struct table *table, size_t column)
{
    struct layout layout = {.width = text_width(table->names[column]),
                            .number = column_is_number(table, column)};
    for (size_t r = 0; r < table->rows; ++r) {
        const char *cell = table->cells[r * table->columns + column];
        const size_t width = text_width(cell), before = before_point(cell);
        if (width > layout.width) layout.width = width;
        if (before > layout.before) layout.before = before;
        if (width - before > layout.after) layout.after = width - before;
    }
    if (layout.number && layout.before + layout.after > layout.width)
        layout.width = layout.before + layout.after;
    return layout;
}

// Prints one line of cells, without spaces at its end. Names of columns of numbers end where their
// longest number does.
static void line_print(const struct table *table, const struct layout *layout,
                       char *const *cells, FILE *file)
{
    const int is_head = cells == table->names;
    size_t held = 0;
    for (size_t c = 0; c < table->columns; ++c) {
        const size_t pad = layout[c].width - text_width(cells[c]);
        size_t left = 0;
        if (layout[c].number)
            left = is_head ? pad
                           : layout[c].width - layout[c].after - before_point(cells[c]);
        held += left;
        if (*cells[c]) {
            fprintf(file, "%*s%s", (int)held, "", cells[c]);
            held = 0;
        }
        held += pad - left + 2;
    }
    putc('\n', file);
}

void table_print(const struct table *table, FILE *file)
{
    struct layout *layout = NULL;
    for (size_t c = 0; c < table->columns; ++c) {
        layout = array_grow(layout, c, sizeof *layout);
        layout[c] = column_layout(table, c);
    }
    line_print(table, layout, table->names, file);
    for (size_t c = 0; c < table->columns; ++c) {
        for (size_t i = layout[c].width; i > 0; --i) putc('-', file);
        fputs(c + 1 < table->columns ? "  " : "\n", file);
    }
    for (size_t r = 0; r < table->rows; ++r) {
        line_print(table, layout, table->cells + r * table->columns, file);
        if (table->under[r]) fprintf(file, "%s\n", table->under[r]);
    }
    free(layout);
}

static void markdown_line(const struct table *table, char *const *cells, FILE *file)
{
    for (size_t c = 0; c < table->columns; ++c) {
        fputs("| ", file);
        for (const char *s = cells[c]; *s; ++s) {
            if (*s == '|') putc('\\', file);
            putc(*s == '\n' || *s == '\r' ? ' ' : *s, file);
        }
        putc(' ', file);
    }
    fputs("|\n", file);
}

void table_markdown(const struct table *table, FILE *file)
{
    markdown_line(table, table->names, file);
    for (size_t c = 0; c < table->columns; ++c)
        fputs(column_is_number(table, c) ? "| ---: " : "| --- ", file);
    fputs("|\n", file);
    for (size_t r = 0; r < table->rows; ++r)
        markdown_line(table, table->cells + r * table->columns, file);
}

void table_close(struct table *table)
{
    for (size_t i = 0; i < table->columns; ++i) free(table->names[i]);
    for (size_t i = 0; i < table->rows * table->columns; ++i) free(table->cells[i]);
    for (size_t i = 0; i < table->rows; ++i) free(table->under[i]);
    free(table->names);
    free(table->cells);
    free(table->under);
    *table = (struct table){0};
}

void number_text(char text[NUMBER_TEXT], double value)
{
    if (isnan(value))
        strcpy(text, "-");
    else if (fabs(value) < 1e15 && floor(value) == value)
        snprintf(text, NUMBER_TEXT, "%.0f", value + 0.);
    else
        snprintf(text, NUMBER_TEXT, "%.4g", value);
}

void interval_text(char text[NUMBER_TEXT], double value, double low, double high)
{
    char v[NUMBER_TEXT], l[NUMBER_TEXT], h[NUMBER_TEXT];
    number_text(v, value);
    number_text(l, low);
    number_text(h, high);
    if (isnan(low) && isnan(high))
        snprintf(text, NUMBER_TEXT, "%.24s", v);
    else
        snprintf(text, NUMBER_TEXT, "%.24s [%.24s, %.24s]", v, l, h);
}
