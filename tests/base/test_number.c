#include "core/base/number.h"

#include <criterion/criterion.h>
#include <math.h>

static const struct {
    const char *text;
    double value;
} numbers[] = {
    {"0", 0},           {"-1.5", -1.5}, {"+2", 2},         {".5", .5},
    {"5.", 5},          {"1e-3", 1e-3}, {"-2.5E+2", -250}, {"1e-999", 0},
    {"5e-324", 5e-324}, {"0.1", .1},    {"1e308", 1e308},  {"0009", 9},
};
static const char *const no_numbers[] = {
    "",    " 1",  "1 ", "1\n", "inf", "nan", "NaN(1)", "0x10",  "1e999", "-1e999",
    "1,5", "--1", "1e", "e1",  ".",   "-",   "1.2.3",  "1e5.0", "1f",    "one",
};

Test(number, decimal_numbers_are_read)
{
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        double value = NAN;
        cr_expect(number_scan(&value, numbers[i].text), "%s", numbers[i].text);
        cr_expect(value == numbers[i].value, "%s is %g", numbers[i].text, value);
    }
}

Test(number, anything_else_is_refused_and_leaves_the_value)
{
    for (size_t i = 0; i < sizeof no_numbers / sizeof *no_numbers; ++i) {
        double value = 77;
        cr_expect(!number_scan(&value, no_numbers[i]), "'%s'", no_numbers[i]);
        cr_expect_eq(value, 77);
    }
}

Test(number, integers_are_read_to_the_last_bit)
{
    int64_t value;
    uint64_t size;
    cr_expect(integer_scan(&value, "9223372036854775807") && value == INT64_MAX);
    cr_expect(integer_scan(&value, "-9223372036854775808") && value == INT64_MIN);
    cr_expect(integer_scan(&value, "-0") && value == 0);
    cr_expect(integer_scan(&value, "007") && value == 7);
    cr_expect(unsigned_scan(&size, "18446744073709551615") && size == UINT64_MAX);
    cr_expect(unsigned_scan(&size, "0") && size == 0);
}

static const char *const no_integers[] = {
    "", "-", "--1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "99999999999999999999", "1a",
};

Test(number, no_other_text_is_an_integer)
{
    for (size_t i = 0; i < sizeof no_integers / sizeof *no_integers; ++i) {
        int64_t value = 77;
        uint64_t size = 77;
        cr_expect(!integer_scan(&value, no_integers[i]), "'%s'", no_integers[i]);
        cr_expect(!unsigned_scan(&size, no_integers[i]), "'%s'", no_integers[i]);
        cr_expect(value == 77 && size == 77);
    }
    uint64_t size;
    int64_t value;
    cr_expect(!unsigned_scan(&size, "-1"));
    cr_expect(!unsigned_scan(&size, "18446744073709551616"));
    cr_expect(!integer_scan(&value, "9223372036854775808"));
}
