#include "core/base/options.h"

#include <criterion/criterion.h>
#include <math.h>
#include <sched.h>
#include <string.h>

#include "tests/ending.h"

enum { COUNT = 4, ARGUMENTS = 8 };
static const struct option table[COUNT] = {
    {"tier", "desk", "smoke, desk or paper"},
    {"run", NULL, "a run"},
    {"seed", "1", "the seed"},
    {"runs", NULL, "a name that begins like another"},
};

// Reads a command line, a list that ends with NULL.
static void read_line(struct option options[COUNT], const char *const *line)
{
    char *argv[ARGUMENTS] = {(char *)"program"};
    int argc = 1;
    for (; line[argc - 1]; ++argc) argv[argc] = (char *)line[argc - 1];
    memcpy(options, table, sizeof table);
    options_read(options, COUNT, argc, argv, "usage: program [options]");
}

static const struct {
    const char *line[ARGUMENTS];
    const char *values[COUNT];
} lines[] = {
    {{NULL}, {"desk", NULL, "1", NULL}},
    {{"--run", "m75-h3"}, {"desk", "m75-h3", "1", NULL}},
    {{"--run=m75-h3", "--tier=smoke"}, {"smoke", "m75-h3", "1", NULL}},
    {{"--runs", "a b", "--seed", "-1"}, {"desk", NULL, "-1", "a b"}},
    {{"--run=", "--tier", ""}, {"desk", NULL, "1", NULL}},
    {{"--run=a=b", "--runs=--tier"}, {"desk", "a=b", "1", "--tier"}},
};

static int same(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

Test(options, values_and_defaults_come_out)
{
    for (size_t i = 0; i < sizeof lines / sizeof *lines; ++i) {
        struct option options[COUNT];
        read_line(options, lines[i].line);
        for (int k = 0; k < COUNT; ++k) {
            const char *got = option_text(options, COUNT, table[k].name);
            cr_expect(same(got, lines[i].values[k]), "line %zu --%s: %s", i,
                      table[k].name, got ? got : "(none)");
        }
    }
}

static const struct {
    const char *line[ARGUMENTS];
    const char *says;
} bad_lines[] = {
    {{"--speed", "9"},
     ": --speed: unknown option (known: --tier --run --seed --runs --help)\n"},
    {{"--ru", "x"}, ": --ru: unknown option"},
    {{"--=x"}, ": --: unknown option"},
    {{"--tier", "desk", "--tier=desk"}, ": --tier: given twice (give it once)\n"},
    {{"--run=", "--run", "a"}, ": --run: given twice"},
    {{"--tier"}, ": --tier: has no value (give --tier VALUE)\n"},
    {{"--tier", "--run", "x"}, ": --tier: has no value"},
    {{"smoke"}, ": smoke: stray argument (options are --name value)\n"},
    {{"-t", "smoke"}, ": -t: stray argument"},
    {{"--tier", "smoke", "--"}, ": --: stray argument"},
    {{""}, ": : stray argument"},
};

static void read_bad_line(const void *line)
{
    struct option options[COUNT];
    read_line(options, line);
}

Test(options, a_bad_line_is_a_usage_error_that_names_the_option)
{
    for (size_t i = 0; i < sizeof bad_lines / sizeof *bad_lines; ++i)
        expect_death(__LINE__, read_bad_line, bad_lines[i].line, 2, bad_lines[i].says);
}

Test(options, help_prints_usage_and_defaults_and_succeeds)
{
    static struct ending ending;
    static const char *const line[] = {"--tier", "smoke", "--help", NULL};
    ending_of(&ending, read_bad_line, line);
    cr_expect_eq(ending.code, 0);
    cr_expect(strstr(ending.says, "usage: program [options]\n"), "%s", ending.says);
    cr_expect(strstr(ending.says, "--tier         smoke, desk or paper [desk]\n"), "%s",
              ending.says);
    cr_expect(strstr(ending.says, "--run          a run\n"), "%s", ending.says);
}

BREAKS(options, a_name_outside_the_table_aborts,
       "i < count: there is no option --epochs")
{
    option_text(table, COUNT, "epochs");
}

Test(options, values_in_range_are_read)
{
    static const char *const choices[] = {"smoke", "desk", "paper"};
    cr_expect_eq(parse_integer("--epochs", "1", 1, 2000), 1);
    cr_expect_eq(parse_integer("--epochs", "2000", 1, 2000), 2000);
    cr_expect_eq(parse_integer("--shift", "-3", -3, 3), -3);
    cr_expect_eq(parse_seed("--seed", "18446744073709551615"), UINT64_MAX);
    cr_expect_eq(parse_seed("--seed", "0"), 0);
    cr_expect(parse_number("--mask-ratio", "0.75", 0, 1) == .75);
    cr_expect(parse_number("--mask-ratio", "1", 0, 1) == 1);
    cr_expect_eq(parse_choice("--tier", "paper", choices, 3), 2);
    cr_expect_eq(parse_threads("256"), 256);
}

struct bad_value {
    char kind; // integer, seed, number, choice, threads
    const char *text, *says;
};
static const struct bad_value bad_values[] = {
    {'i', "0", ": --n: '0' is refused (give an integer from 1 to 9)\n"},
    {'i', "10", "'10' is refused"},
    {'i', "3x", "'3x' is refused"},
    {'i', "", "'' is refused"},
    {'i', "99999999999999999999", "is refused"},
    {'s', "-1",
     ": --n: '-1' is refused (give an integer from 0 to 18446744073709551615)\n"},
    {'s', "18446744073709551616", "is refused"},
    {'s', "1.5", "is refused"},
    {'n', "1.01", ": --n: '1.01' is refused (give a number from 0 to 1)\n"},
    {'n', "nan", "is refused"},
    {'n', "inf", "is refused"},
    {'n', "0.5 ", "is refused"},
    {'c', "des", ": --n: 'des' is refused (give one of: smoke desk paper)\n"},
    {'c', "", "is refused"},
    {'t', "0", ": --threads: '0' is refused (give an integer from 1 to 256)\n"},
    {'t', "257", "is refused"},
    {'t', "two", "is refused"},
};

static void parse_bad(const void *bad)
{
    static const char *const choices[] = {"smoke", "desk", "paper"};
    const struct bad_value *value = bad;
    switch (value->kind) {
    case 'i':
        parse_integer("--n", value->text, 1, 9);
        break;
    case 's':
        parse_seed("--n", value->text);
        break;
    case 'n':
        parse_number("--n", value->text, 0, 1);
        break;
    case 'c':
        parse_choice("--n", value->text, choices, 3);
        break;
    case 't':
        parse_threads(value->text);
        break;
    }
}

Test(options, a_bad_value_is_a_usage_error_that_says_what_is_right)
{
    for (size_t i = 0; i < sizeof bad_values / sizeof *bad_values; ++i)
        expect_death(__LINE__, parse_bad, &bad_values[i], 2, bad_values[i].says);
}

Test(options, threads_default_to_the_cpus_that_are_allowed)
{
    cpu_set_t allowed, one;
    cr_assert_eq(sched_getaffinity(0, sizeof allowed, &allowed), 0);
    cr_expect_eq(parse_threads(NULL), CPU_COUNT(&allowed));
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu)
        if (CPU_ISSET(cpu, &allowed)) CPU_SET(cpu, &one);
    cr_assert_eq(sched_setaffinity(0, sizeof one, &one), 0);
    cr_expect_eq(parse_threads(NULL), 1);
}
