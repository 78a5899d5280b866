#include "core/report/table.h"

#include <math.h>

#include "tests/report/world.h"

TestSuite(table, .init = world_open);

static struct table sample(void)
{
    struct table table;
    table_open(&table, 3, (const char *const[]){"claim", "ours", "verdict"});
    table_row(&table, (const char *const[]){"a|b", "1.5 [1, 2]", "REPRODUCED"});
    table_under(&table, "a remark");
    table_under(&table, "another");
    table_row(&table, (const char *const[]){"\xc3\xa9t\xc3\xa9", "-", ""});
    table_row(&table, (const char *const[]){"long name", "-0.25", "X"});
    return table;
}

// What `print` writes, in static storage.
static const char *printed(const struct table *table,
                           void (*print)(const struct table *, FILE *))
{
    FILE *file = fopen("table.txt", "w");
    cr_assert(file);
    print(table, file);
    fclose(file);
    return world_text("table.txt");
}

Test(table, text_is_aligned_by_characters_and_numbers_at_their_points)
{
    struct table table = sample();
    cr_expect_str_eq(printed(&table, table_print),
                     "claim             ours  verdict\n"
                     "---------  -----------  ----------\n"
                     "a|b         1.5 [1, 2]  REPRODUCED\n"
                     "    a remark\n"
                     "    another\n"
                     "\xc3\xa9t\xc3\xa9         -\n"
                     "long name  -0.25        X\n");
    table_close(&table);
}

Test(table, markdown_escapes_what_would_end_a_cell)
{
    struct table table = sample();
    cr_expect_str_eq(printed(&table, table_markdown),
                     "| claim | ours | verdict |\n"
                     "| --- | ---: | --- |\n"
                     "| a\\|b | 1.5 [1, 2] | REPRODUCED |\n"
                     "| \xc3\xa9t\xc3\xa9 | - |  |\n"
                     "| long name | -0.25 | X |\n");
    table_close(&table);
}

Test(table, a_line_end_in_a_cell_does_not_break_the_markdown)
{
    struct table table;
    table_open(&table, 1, (const char *const[]){"a"});
    table_row(&table, (const char *const[]){"x\ny"});
    cr_expect_str_eq(printed(&table, table_markdown), "| a |\n| --- |\n| x y |\n");
    table_close(&table);
}

Test(table, a_table_without_rows_is_its_names)
{
    struct table table;
    table_open(&table, 2, (const char *const[]){"a", "bc"});
    cr_expect_str_eq(printed(&table, table_print), "a  bc\n-  --\n");
    table_close(&table);
}

Test(table, numbers_read_as_people_write_them)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {{83.63, "83.63"},   {7212684, "7212684"},   {-0., "0"},
                 {1. / 3, "0.3333"}, {1.25e-10, "1.25e-10"}, {-5, "-5"},
                 {1e20, "1e+20"}};
    char text[NUMBER_TEXT];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        number_text(text, cases[i].value);
        cr_expect_str_eq(text, cases[i].text);
    }
    number_text(text, (double)NAN);
    cr_expect_str_eq(text, "-");
    interval_text(text, .5, -1, 2.25);
    cr_expect_str_eq(text, "0.5 [-1, 2.25]");
    interval_text(text, .5, (double)NAN, (double)NAN);
    cr_expect_str_eq(text, "0.5");
    interval_text(text, .5, -1, (double)NAN);
    cr_expect_str_eq(text, "0.5 [-1, -]");
}

static void under_nothing(const void *unused)
{
    struct table table;
    (void)unused;
    table_open(&table, 1, (const char *const[]){"a"});
    table_under(&table, "x");
}

Test(table, a_remark_needs_a_row)
{
    expect_death(__LINE__, under_nothing, NULL, -6, "under no row");
}
