#include "core/base/tsv.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/scratch.h"

TestSuite(tsv, .init = scratch_make);

static const char good[] = "# a comment\twith a tab\n"
                           "#another\n"
                           "key\tvalue\tunit\n"
                           "ari\t0.77\t\n"
                           "#lp\tnan\tshare of images\n"
                           "loss\t-1.5e-3\tnats\n";

static void read_text(struct tsv *table, const char *text)
{
    char path[PATH_SIZE];
    scratch_path(path, "table.tsv");
    scratch_write(path, text, strlen(text));
    tsv_read(table, path);
}

Test(tsv, a_table_is_read_cell_by_cell)
{
    struct tsv table;
    read_text(&table, good);
    cr_assert(table.rows == 3 && table.columns == 3);
    cr_expect_str_eq(table.names[2], "unit");
    cr_expect_str_eq(tsv_cell(&table, 0, "key"), "ari");
    cr_expect_str_eq(tsv_cell(&table, 0, "unit"), "");
    cr_expect_str_eq(tsv_cell(&table, 1, "key"), "#lp");
    cr_expect_str_eq(tsv_cell(&table, 1, "unit"), "share of images");
    cr_expect_str_eq(table.cells[8], "nats");
    cr_expect(tsv_number(&table, 0, "value") == .77);
    cr_expect(isnan(tsv_number(&table, 1, "value")));
    cr_expect(tsv_number(&table, 2, "value") == -1.5e-3);
    cr_expect_eq(tsv_find(&table, "value"), 1);
    cr_expect_eq(tsv_find(&table, "low"), -1);
    cr_expect_eq(tsv_row(&table, "key", "loss"), 2);
    cr_expect_eq(tsv_row(&table, "key", "los"), -1);
    tsv_free(&table);
    cr_expect_eq(table.text, NULL);
}

Test(tsv, a_table_may_have_one_column_or_no_rows)
{
    struct tsv table;
    read_text(&table, "id\n\nx\n");
    cr_expect(table.rows == 2 && table.columns == 1);
    cr_expect_str_eq(tsv_cell(&table, 0, "id"), "");
    cr_expect_str_eq(tsv_cell(&table, 1, "id"), "x");
    tsv_free(&table);
    read_text(&table, "a\tb\n");
    cr_expect(table.rows == 0 && table.columns == 2);
    cr_expect_eq(tsv_row(&table, "a", "x"), -1);
    tsv_free(&table);
}

static const struct bad {
    size_t size; // of text, when it holds a 0 byte
    const char *text, *says;
} bad_tables[] = {
    {0, "", "bad.tsv: is empty"},
    {0, "# only\n", "bad.tsv:2: no line of column names"},
    {0, "a\tb\n1\t2\n3\n", "bad.tsv:3: 1 cells where the header has 2"},
    {0, "#c\na\tb\n1\t2\t3\n", "bad.tsv:3: 3 cells where the header has 2"},
    {0, "a\tb\n\n", "bad.tsv:2: 1 cells"},
    {0, "a\tb\ta\n", "bad.tsv:1: column 'a' occurs twice"},
    {0, "a\t\tb\n", "bad.tsv:1: column 2 has no name"},
    {0, "\n", "bad.tsv:1: column 1 has no name"},
    {0, "a\n1\n2", "bad.tsv:3: no newline at the end"},
    {0, "a", "bad.tsv:1: no newline at the end"},
    {0, "a\r\n1\r\n", "bad.tsv:1: a carriage return"},
    {7, "a\n1\0\n2\n", "bad.tsv:2: a 0 byte"},
};

static void read_bad(const void *bad)
{
    const struct bad *table = bad;
    struct tsv read;
    char path[PATH_SIZE];
    scratch_path(path, "bad.tsv");
    scratch_write(path, table->text, table->size ? table->size : strlen(table->text));
    tsv_read(&read, path);
}

Test(tsv, a_bad_table_is_a_death_that_names_the_line)
{
    for (size_t i = 0; i < sizeof bad_tables / sizeof *bad_tables; ++i)
        expect_death(__LINE__, read_bad, &bad_tables[i], 3, bad_tables[i].says);
}

Test(tsv, a_missing_table_exits_with_input, .exit_code = 3)
{
    struct tsv table;
    tsv_read(&table, "/nonexistent/table.tsv");
}

static const char *const no_numbers[] = {"",     " 1",  "inf",   "NaN",
                                         "-nan", "0x1", "1e999", "x"};

static void read_no_number(const void *cell)
{
    char text[64];
    struct tsv table;
    snprintf(text, sizeof text, "key\tvalue\na\t1\nb\t%s\n", (const char *)cell);
    read_text(&table, text);
    tsv_number(&table, 1, "value");
}

static void ask_column(const void *column)
{
    struct tsv table;
    read_text(&table, good);
    tsv_cell(&table, 0, column);
}

static void ask_row_by_column(const void *column)
{
    struct tsv table;
    read_text(&table, good);
    tsv_row(&table, column, "x");
}

static void ask_row(const void *row)
{
    struct tsv table;
    read_text(&table, good);
    tsv_cell(&table, *(const size_t *)row, "key");
}

Test(tsv, what_is_not_there_is_a_death)
{
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; ++i)
        expect_death(__LINE__, read_no_number, no_numbers[i], 3,
                     "is not a finite number or nan");
    expect_death(__LINE__, read_no_number, "1 ", 3,
                 "table.tsv: row 2, column 'value': '1 ' is not");
    expect_death(__LINE__, ask_column, "low", 3, "table.tsv: has no column 'low'\n");
    expect_death(__LINE__, ask_row_by_column, "low", 3, "has no column 'low'\n");
    static const size_t beyond = 3;
    expect_death(__LINE__, ask_row, &beyond, -SIGABRT, "no row 3 of 3");
}

// text (size) = what tsv_put_number writes for the value.
static void put_number(char *text, size_t size, double value)
{
    FILE *file = fmemopen(text, size, "w");
    cr_assert(file);
    tsv_put_number(file, value, '\t');
    fclose(file);
}

static const struct {
    double value;
    const char *text;
} shortest[] = {
    {.1, "0.1\t"},  {-2, "-2\t"},        {1. / 3, "0.33333333333333331\t"},
    {NAN, "nan\t"}, {-NAN, "nan\t"},     {123456789, "123456789\t"},
    {-0., "-0\t"},  {INFINITY, "inf\t"}, {1234567891, "1234567891\t"},
};

Test(tsv, numbers_are_written_short)
{
    char text[64];
    for (size_t i = 0; i < sizeof shortest / sizeof *shortest; ++i) {
        put_number(text, sizeof text, shortest[i].value);
        cr_expect_str_eq(text, shortest[i].text);
    }
}

Test(tsv, a_row_of_numbers_is_a_line)
{
    char text[64];
    FILE *file = fmemopen(text, sizeof text, "w");
    tsv_put_row(file, (const double[]){.5, NAN, -3}, 3);
    tsv_put_row(file, (const double[]){7}, 1);
    fclose(file);
    cr_expect_str_eq(text, "0.5\tnan\t-3\n7\n");
}

Test(tsv, any_finite_number_reads_back_the_same)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    char text[64];
    for (int i = 0; i < 100000; ++i) {
        uint64_t bits = (uint64_t)rng_bits(&rng) << 32;
        bits |= rng_bits(&rng);
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value)) continue;
        put_number(text, sizeof text, value);
        double back = strtod(text, NULL);
        cr_assert_eq(memcmp(&back, &value, sizeof value), 0, "%a %s", value, text);
    }
}

Test(tsv, what_is_written_is_what_is_read)
{
    static const char *const cells[] = {"", "a b", "\"quoted\"", "#x", "0.5,", "\\t"};
    char path[PATH_SIZE];
    struct output output;
    struct tsv table;
    scratch_path(path, "written.tsv");
    output_open(&output, path);
    tsv_put(output.file, "text", '\t');
    tsv_put(output.file, "number", '\n');
    for (int i = 0; i < 6; ++i) {
        tsv_put(output.file, cells[i], '\t');
        tsv_put_number(output.file, i / 7., '\n');
    }
    output_close(&output);
    tsv_read(&table, path);
    cr_assert_eq(table.rows, 6);
    for (size_t i = 0; i < 6; ++i) {
        cr_expect_str_eq(tsv_cell(&table, i, "text"), cells[i]);
        cr_expect(tsv_number(&table, i, "number") == (double)i / 7.);
    }
    tsv_free(&table);
}

static void put(const void *text)
{
    tsv_put(stdout, text, '\n');
}

static void put_after(const void *after)
{
    tsv_put(stderr, "", *(const char *)after);
}

Test(tsv, a_cell_that_would_break_the_table_aborts)
{
    expect_death(__LINE__, put, "a\tb", -SIGABRT, "a cell holds a tab");
    expect_death(__LINE__, put, "a\n", -SIGABRT, "a cell holds a tab");
    expect_death(__LINE__, put, "a\r", -SIGABRT, "a cell holds a tab");
    expect_death(__LINE__, put_after, ",", -SIGABRT, "byte 44 after a cell");
}
