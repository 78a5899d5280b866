#include "core/study/check.h"

#include <math.h>
#include <signal.h>

#include "core/base/die.h"
#include "tests/ending.h"
#include "tests/report/world.h"

// The small project of core/report's tests, with the printed numbers of a table.
static void open_table(void)
{
    char claims[sizeof world_claims + 1024];
    world_open();
    snprintf(
        claims, sizeof claims,
        "%s"
        "a\tTable 1\tA\t64.4\t\tnumeric\t3\tspread\tcifar10\tpaper\ttable1\t02-demo\n"
        "b\tTable 1\tB\t76.6\t\tnumeric\t3\tspread\tcifar10\tpaper\ttable1\t02-demo\n"
        "c\tTable 1\tB-A\t12.2\t\tarithmetic\t\t\tnone\tsmoke\ttable1\t02-demo\n"
        "d\tTable 1\tB-A\t12.3\t\tarithmetic\t\t\tnone\tsmoke\ttable1\t02-demo\n"
        "word\tTable 1\tB-A\tsome\t\texact\t\t\tnone\tsmoke\ttable1\t02-demo\n"
        "any\tSec. 1\tD holds\tdrawing\t\texact\t\t\tany\tsmoke\tfigure3\t02-demo\n"
        "again\tEq. 3\ty = x\teq\t\tidentity\t1e-9\tr\tnone\tsmoke\tfigure2\t02-demo\n",
        world_claims);
    world_claims_write("paper/claims.tsv", claims);
}

TestSuite(check, .init = open_table);

// Runs checks at the smoke tier and closes the run.
static void judge(const struct check *checks, size_t count, const char *options)
{
    struct run run;
    char words[512];
    world_listen();
    world_run(&run, options, words);
    checks_run(&run, checks, count);
    run_close(&run);
}

// The line of `id` in a file of the run; static storage.
static const char *line_of(const char *file, const char *id)
{
    static char line[512];
    char path[PATH_SIZE], start[64];
    path_format(path, "results/smoke-planted/02-demo/%s", file);
    snprintf(start, sizeof start, "\n%s\t", id);
    const char *at = strstr(world_text(path), start);
    cr_assert(at, "no %s in %s", id, file);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    return line;
}

// ====== Draws ======

static double seen[2][CHECK_DRAWS]; // what the two residuals below drew

static double first_uniform(struct draw *draw)
{
    double *scratch = arena_doubles(draw->arena, 1 << 20);
    *scratch = rng_uniform(&draw->rng);
    return seen[0][draw->number] = *scratch * 1e-9;
}

static double first_uniform_again(struct draw *draw)
{
    return seen[1][draw->number] = rng_uniform(&draw->rng) * 1e-9;
}

// 200 draws of 8 MiB each fit because each gives back what it took.
Test(check, draws_are_seeded_by_claim_and_number_wherever_the_row_is)
{
    const struct check one[] = {{"sum", .residual = first_uniform, .test = "one"},
                                {"again", .residual = first_uniform_again,
                                 .test = "two"}},
                       other[] = {one[1], one[0]};
    double before[2][CHECK_DRAWS];
    judge(one, 2, "--tier smoke");
    memcpy(before, seen, sizeof seen);
    char result[512];
    snprintf(result, sizeof result, "%s", line_of("result.tsv", "sum"));
    for (size_t d = 0; d < CHECK_DRAWS; ++d)
        cr_expect(seen[0][d] != seen[1][d], "draw %zu is shared", d);
    judge(other, 2, "--tier smoke --force 1");
    cr_expect(memcmp(before, seen, sizeof seen) == 0,
              "the order of rows changes draws");
    cr_expect_str_eq(line_of("result.tsv", "sum"), result);
    judge(one, 2, "--tier smoke --seed 2");
    cr_expect(memcmp(before, seen, sizeof seen) != 0, "the seed changes nothing");
}

Test(check, sizes_are_uniform_and_reach_both_ends)
{
    struct draw draw = {.rng = rng_open(1, PURPOSE_TEST, 0, 0)};
    size_t times[3] = {0};
    for (int i = 0; i < 3000; ++i) {
        const size_t size = draw_size(&draw, 4, 6);
        cr_assert(size >= 4 && size <= 6);
        ++times[size - 4];
    }
    for (int i = 0; i < 3; ++i) cr_expect(times[i] > 900 && times[i] < 1100);
}

// ====== Identities ======

static double residual_at_12(struct draw *draw)
{
    return draw->number == 12 ? -2e-9 : 1e-12;
}

static double nan_at_3(struct draw *draw)
{
    return draw->number == 3 ? (double)NAN : draw->number == 5 ? 1. : 0.;
}

Test(check, an_identity_fails_by_its_largest_residual_of_either_sign)
{
    const struct check checks[] = {{"sum", .residual = residual_at_12, .test = "x"}};
    judge(checks, 1, "--tier smoke");
    cr_expect_str_eq(
        line_of("verdicts.tsv", "sum"),
        "sum\tREFUTED\t2e-09\tnan\tnan\t200\tx\t\t\tlargest in draw 12 of 200");
    cr_expect(strstr(line_of("result.tsv", "sum"), "\t200\t1"));
}

Test(check, a_residual_that_is_no_number_decides_nothing)
{
    const struct check checks[] = {{"sum", .residual = nan_at_3, .test = "x"}};
    judge(checks, 1, "--tier smoke");
    cr_expect(strstr(line_of("verdicts.tsv", "sum"), "\tINCONCLUSIVE\tnan\t"));
    cr_expect(strstr(line_of("verdicts.tsv", "sum"), "draw 3 of"));
}

// Residuals that draw 4 alone exceeds, though draw 9's is the largest.
static double beyond_rounding_at_4(struct draw *draw)
{
    const double rounding[] = {[4] = 1, [9] = 1e6},
                 difference = draw->number == 4   ? 3 * 0x1p-53
                              : draw->number == 9 ? 1e5 * 0x1p-53
                                                  : 0;
    return draw_residual(draw, 1 + 2 * difference, 1, 2,
                         draw->number % 5 == 4 ? rounding[draw->number] : 1);
}

static double within_rounding(struct draw *draw)
{
    return draw_residual(draw, 5, 5 * (1 + 4 * 0x1p-52), 10, 8);
}

Test(check, an_identity_is_held_to_what_rounding_may_make_of_it)
{
    const struct check checks[] = {
        {"sum", .residual = beyond_rounding_at_4, .draws = 10, .test = "x"},
        {"again", .residual = within_rounding, .draws = 1, .test = "y"}};
    judge(checks, 2, "--tier smoke");
    const char *row = line_of("verdicts.tsv", "sum");
    cr_expect(strstr(row, "sum\tREFUTED\t3.3306") &&
                  strstr(row, "draw 4 of 10; rounding explains 1.1e-16"),
              "%s", row);
    row = line_of("verdicts.tsv", "again");
    cr_expect(strstr(row, "again\tREPRODUCED\t4.4408"), "%s", row);
    cr_expect(strstr(line_of("result.tsv", "again.rounding"), "\t8.8817"));
    const char *table = world_text("results/smoke-planted/02-demo/checks.md");
    cr_expect(strstr(table, "| again | y | 4.441e-16 | 8.882e-16 | REPRODUCED |"), "%s",
              table);
}

// Draw 2 is above the margin of 1e-9, though within its rounding and below draw 7 in units of it.
static double beyond_margin_at_2(struct draw *draw)
{
    draw->rounding = draw->number == 2 ? 1e-7 : 1e-12;
    return draw->number == 2 ? 5e-9 : draw->number == 7 ? .9e-12 : 0;
}

Test(check, every_draw_is_held_to_the_margin_too)
{
    const struct check checks[] = {
        {"sum", .residual = beyond_margin_at_2, .draws = 10, .test = "x"}};
    judge(checks, 1, "--tier smoke");
    const char *row = line_of("verdicts.tsv", "sum");
    cr_expect(strstr(row, "sum\tREFUTED\t5e-09") && strstr(row, "draw 2 of 10"), "%s",
              row);
}

Test(check, what_is_missing_to_an_inequality_is_no_number_where_a_side_is_none)
{
    struct draw draw = {.rounding = INFINITY};
    cr_expect_eq(draw_missing(&draw, 1, 2, 4, 1), 0);
    cr_expect_eq(draw_missing(&draw, 2, 1, 4, 1), .25);
    cr_expect(isnan(draw_missing(&draw, (double)NAN, 1, 4, 1)));
    cr_expect(isnan(draw_missing(&draw, 1, (double)NAN, 4, 1)));
    cr_expect(isnan(draw_residual(&draw, 1, 1, (double)NAN, 1)));
    cr_expect_eq(larger_residual(1, 2), 2);
    cr_expect_eq(larger_residual(2, 1), 2);
    cr_expect(isnan(larger_residual((double)NAN, 1)) &&
              isnan(larger_residual(1, (double)NAN)));
}

BREAKS(check, refuses_two_bounds_of_one_draw,
       "isinf(draw->rounding) || !(fabs(draw->rounding - gamma) > 0)")
{
    struct draw draw = {.rounding = INFINITY};
    draw_residual(&draw, 1, 1, 2, 8);
    draw_residual(&draw, 1, 1, 2, 9);
}

// Where nothing is allowed, a residual of 0 is not more than that.
static double one_at_5(struct draw *draw)
{
    return draw->number == 5;
}

Test(check, a_margin_of_nothing_is_held_to_as_well)
{
    char claims[sizeof world_claims + 256];
    snprintf(
        claims, sizeof claims,
        "%s"
        "none\tEq. 3\ty = x\teq\t\tidentity\t0\tr\tnone\tsmoke\tfigure2\t02-demo\n",
        world_claims);
    world_claims_write("paper/claims.tsv", claims);
    const struct check checks[] = {{"none", .residual = one_at_5, .test = "x"}};
    judge(checks, 1, "--tier smoke");
    const char *row = line_of("verdicts.tsv", "none");
    cr_expect(strstr(row, "none\tREFUTED\t1\t") && strstr(row, "draw 5 of"), "%s", row);
}

static double mere_zero(struct draw *draw)
{
    return draw_residual(draw, 0, 0, 0, 1);
}

Test(check, sides_without_terms_have_no_residual)
{
    const struct check checks[] = {{"sum", .residual = mere_zero, .test = "x"}};
    judge(checks, 1, "--tier smoke");
    cr_expect(strstr(line_of("verdicts.tsv", "sum"), "\tREPRODUCED\t0\t"));
}

// ====== Counter-examples ======

static double fails_at_7(struct draw *draw, char note[CHECK_NOTE])
{
    snprintf(note, CHECK_NOTE, "instance %zu", draw->number);
    return draw->number == 7 ? 1e-3 : -1.;
}

static double holds(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw, (void)note;
    return 0;
}

Test(check, one_violation_refutes_mathematics_and_only_mathematics)
{
    const struct check checks[] = {
        {"pure", .violation = fails_at_7, .draws = 10, .test = "ten"},
        {"any", .violation = fails_at_7, .draws = 10, .test = "ten"},
        {"word", .violation = fails_at_7, .draws = 7, .test = "seven"},
    };
    judge(checks, 3, "--tier smoke");
    cr_expect_str_eq(
        line_of("verdicts.tsv", "pure"),
        "pure\tREFUTED\t0.001\tnan\tnan\t10\tten\t\t\tlargest in draw 7 of 10: "
        "instance 7");
    cr_expect(strstr(line_of("verdicts.tsv", "any"), "\tNOT-REPRODUCED\t0.001\t"));
    cr_expect(strstr(line_of("verdicts.tsv", "word"), "\tREPRODUCED\t-1\t"));
}

Test(check, a_statement_that_holds_in_every_draw_is_reproduced)
{
    const struct check checks[] = {{"pure", .violation = holds, .test = "x"}};
    judge(checks, 1, "--tier smoke");
    cr_expect(strstr(line_of("verdicts.tsv", "pure"), "\tREPRODUCED\t0\t"));
}

// ====== Arithmetic and the rest ======

static void judge_outright(struct run *run, const char *id)
{
    run_verdict(run, id, judge_exact(0), NULL, "by hand", "");
}

Test(check, printed_differences_are_checked_to_the_last_digit)
{
    const struct check checks[] = {{"c", .more = "b", .less = "a"},
                                   {"d", .more = "b", .less = "a"},
                                   {"pure", .judge = judge_outright}};
    judge(checks, 3, "--tier smoke");
    cr_expect_str_eq(line_of("verdicts.tsv", "c"), "c\tREPRODUCED\t12.2\tnan\tnan\t0\t"
                                                   "printed numbers subtracted\t\t\t");
    cr_expect(strstr(line_of("verdicts.tsv", "d"), "\tNOT-REPRODUCED\t"));
    const char *table = world_text("results/smoke-planted/02-demo/checks.md");
    cr_expect(strstr(table, "| c | b minus a | 12.2 | - | REPRODUCED |"), "%s", table);
    cr_expect(strstr(table, "| pure | by hand | - | - | NOT-REPRODUCED |"), "%s",
              table);
    const char *results = world_text("results/smoke-planted/02-demo/result.tsv");
    cr_expect(!strchr(strchr(results, '\n') + 1, '\n'), "only numbers of ours: %s",
              results);
}

static void read_word(const void *run)
{
    printed_thousandths(run, "word");
}

Test(check, a_difference_of_what_is_no_number_is_bad_input)
{
    struct run run;
    char words[512];
    world_run(&run, "--tier smoke", words);
    cr_expect_eq(printed_thousandths(&run, "b"), 76600);
    expect_ending(__LINE__, read_word, &run, EXIT_INPUT, "word: 'some' is no number");
    world_drop(&run);
}

// A check with another kind's way of judging.
static void judge_wrongly(const void *check)
{
    judge(check, 1, "--tier smoke");
}

Test(check, the_way_of_judging_is_that_of_the_kind)
{
    static const struct {
        struct check check;
        const char *says;
    } wrong[] = {
        {{"pure", .residual = residual_at_12, .test = "x"},
         "pure has a residual and is of kind exact"},
        {{"sum", .violation = holds, .test = "x"},
         "sum has a violation and is of kind identity"},
        {{"pure", .more = "b", .less = "a"},
         "pure is of kind exact and subtracts printed numbers"},
        {{"c", .judge = judge_outright},
         "c is of kind arithmetic and subtracts nothing"},
        {{"pure", .test = "nothing"}, "pure is judged in 0 ways"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; ++i)
        expect_ending(__LINE__, judge_wrongly, &wrong[i].check, -SIGABRT,
                      wrong[i].says);
}
