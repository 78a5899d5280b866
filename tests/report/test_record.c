#include "core/report/record.h"

#include <math.h>

#include "tests/report/world.h"

TestSuite(record, .init = world_open);

// A verdict that must not be recordable.
struct forbidden {
    const char *id;
    enum verdict verdict;
    int part;
    double estimate, low, high;
};

static void record(const void *argument)
{
    const struct forbidden *f = argument;
    struct run run;
    char words[512];
    world_run(&run, "--tier paper", words);
    struct estimate part = {f->estimate, f->low, f->high, 9};
    run_verdict(&run, f->id, f->verdict, f->part ? &part : NULL, "test", "");
}

Test(record, a_verdict_that_says_too_much_aborts)
{
    const double no = (double)NAN;
    const struct {
        struct forbidden forbidden;
        const char *says;
    } cases[] = {
        {{"order", VERDICT_REPRODUCED, 1, no, 1, 2}, "without an estimate"},
        {{"order", VERDICT_REPRODUCED, 1, 1, no, 2}, "without an interval"},
        {{"order", VERDICT_TREND_ONLY, 1, 1, 1, no}, "without an interval"},
        {{"order", VERDICT_REPRODUCED, 0, 0, 0, 0}, "without an estimate"},
        {{"accuracy", VERDICT_REPRODUCED, 1, no, no, no}, "without an estimate"},
        {{"order", VERDICT_REFUTED, 1, -1, -2, -.5}, "no mathematical statement"},
        {{"same", VERDICT_REFUTED, 1, -1, -2, -.5}, "no mathematical statement"},
        {{"other", VERDICT_REPRODUCED, 0, 0, 0, 0}, "belongs to 03-other"},
        {{"nowhere", VERDICT_REPRODUCED, 0, 0, 0, 0}, "not in the table"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        expect_death((int)i, record, &cases[i].forbidden, -6, cases[i].says);
}

static void record_twice(const void *unused)
{
    struct run run;
    char words[512];
    (void)unused;
    world_run(&run, "", words);
    run_verdict(&run, "pure", VERDICT_REFUTED, NULL, "counter-example", "");
    run_verdict(&run, "pure", VERDICT_REPRODUCED, NULL, "again", "");
}

Test(record, a_second_verdict_on_a_claim_aborts)
{
    expect_death(__LINE__, record_twice, NULL, -6, "has a verdict already");
}

// The verdicts.tsv of a run with these options in which `act` records.
static const char *recorded(const char *options, void (*act)(struct run *))
{
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, options, words);
    act(&run);
    path_format(path, "%s/verdicts.tsv", run.folder);
    world_listen();
    run_close(&run);
    return world_text(path);
}

static void judge_parts(struct run *run)
{
    const struct estimate parts[] = {
        {2, 1.5, 3, 10}, {1, -.5, 2.5, 20}, {2, .5, 3, 30}};
    run_judge(run, "order", parts, 3, 0, "bootstrap", "three parts");
}

static void judge_excluded(struct run *run)
{
    run_judge(run, "accuracy", &(struct estimate){44.5, 43, 46, 100}, 1, 0, "bootstrap",
              "");
}

static void judge_pretrainings(struct run *run)
{
    run_judge(run, "order", &(struct estimate){2, 1.5, 3, 2}, 1, 2, "t", "");
}

static void judge_infinite(struct run *run)
{
    run_judge(run, "order", &(struct estimate){2, 1.5, (double)INFINITY, 2}, 1, 0, "t",
              "");
}

Test(record, the_worst_part_decides_and_an_open_question_says_its_power)
{
    cr_expect_str_eq(
        recorded("", judge_parts),
        "id\tverdict\testimate\tlow\thigh\tn\ttest\treason\tscale\tfinding\n"
        "order\tINCONCLUSIVE\t1\t-0.5\t2.5\t20\tbootstrap\t\t\tthree parts; the "
        "smallest difference this test could confirm is 2.5\n");
}

static void judge_on_a_pilot(struct run *run)
{
    run_judge(run, "sum", &(struct estimate){2, NAN, NAN, 0}, 1, 0, "t", "before");
    run_pilot(run, "pilot weights: %d of %d epochs", 1, 63);
    run_pilot(run, "pilot weights: %d of %d epochs", 11, 63);
    run_pilot(run, "pilot weights: %d of %d epochs", 1, 63);
    run_pilot(run, "pilot weights: %d of %d epochs", 1, 6);
    run_judge(run, "order", &(struct estimate){2, 1.5, 3, 2}, 1, 0, "t", "a note");
    run_judge(run, "rise", &(struct estimate){-2, -3, -1, 2}, 1, 0, "t", "");
    run_judge(run, "same", &(struct estimate){0, -.5, .5, 2}, 1, 0, "t", "");
    run_judge(run, "accuracy", &(struct estimate){44.5, 43, 46, 9}, 1, 0, "t", "");
    run_verdict(run, "pure", VERDICT_REFUTED, NULL, "t", "x = 0");
}

#define PILOTS                                                                         \
    "pilot weights: 1 of 63 epochs; pilot weights: 11 of 63 epochs; pilot weights: "   \
    "1 of 6 epochs"

Test(record, what_rests_on_a_pilot_says_so_from_then_on)
{
    cr_expect_str_eq(
        recorded("", judge_on_a_pilot),
        "id\tverdict\testimate\tlow\thigh\tn\ttest\treason\tscale\tfinding\n"
        "sum\tREFUTED\t2\tnan\tnan\t0\tt\t\t\tbefore\n"
        "order\tTREND-ONLY\t2\t1.5\t3\t2\tt\t" PILOTS "\t\ta note\n"
        "rise\tINCONCLUSIVE\t-2\t-3\t-1\t2\tt\t" PILOTS "\t\t\n"
        "same\tINCONCLUSIVE\t0\t-0.5\t0.5\t2\tt\t" PILOTS "\t\t\n"
        "accuracy\tNOT-RUN\t44.5\t43\t46\t9\tt\tpaper tier\t\t\n"
        "pure\tREFUTED\tnan\tnan\tnan\t0\tt\t\t\tx = 0\n");
}

static void judge_at_a_scale(struct run *run)
{
    run_scale(run, "model trained for 2 epochs");
    run_judge(run, "order", &(struct estimate){2, 1.5, 3, 2}, 1, 0, "t", "a note");
    // What is not run, and what needs no model, rests on no training.
    run_verdict(run, "accuracy", VERDICT_NOT_RUN, NULL, "", "no folder");
    run_verdict(run, "pure", VERDICT_REPRODUCED, NULL, "t", "");
    run_scale(run, "");
    run_verdict(run, "other-part", VERDICT_NOT_RUN, NULL, "", "");
}

Test(record, scale_reason_and_finding_are_apart)
{
    char claims[sizeof world_claims + 128];
    snprintf(claims, sizeof claims,
             "%sother-part\tF2\tx\tc\t\ttrend\t\t\tany\tdesk\tf\t02-demo\n",
             world_claims);
    world_claims_write("paper/claims.tsv", claims);
    cr_expect_str_eq(
        recorded("", judge_at_a_scale),
        "id\tverdict\testimate\tlow\thigh\tn\ttest\treason\tscale\tfinding\n"
        "order\tREPRODUCED-SCALED\t2\t1.5\t3\t2\tt\t\tmodel trained for 2 epochs\t"
        "a note\n"
        "accuracy\tNOT-RUN\tnan\tnan\tnan\t0\t\tpaper tier; no folder\t\t\n"
        "pure\tREPRODUCED\tnan\tnan\tnan\t0\tt\t\t\t\n"
        "other-part\tNOT-RUN\tnan\tnan\tnan\t0\t\t\t\t\n");
}

Test(record, a_table_shows_the_verdict_that_was_recorded)
{
    struct run run;
    char words[512], text[VERDICT_TEXT];
    world_run(&run, "", words);
    run_judge(&run, "order", &(struct estimate){2, 1.5, 3, 100}, 1, 0, "t", "");
    run_judge(&run, "cifar", &(struct estimate){2, 1.5, 3, 100}, 1, 1, "t", "");
    run_judge(&run, "accuracy", &(struct estimate){44.5, 43, 46, 9}, 1, 0, "t", "");
    run_judge(&run, "map", &(struct estimate){2, 1.5, 3, 9}, 1, 0, "t", "");
    run_verdict(&run, "pure", VERDICT_NOT_RUN, NULL, "", "not wanted");
    run_pilot(&run, "pilot weights: %d of %d epochs", 2, 63);
    run_judge(&run, "rise", &(struct estimate){2, 1.5, 3, 100}, 1, 0, "t", "");
    static const char *const want[][2] = {{"order", "REPRODUCED-SCALED"},
                                          {"cifar", "TREND-ONLY"},
                                          {"accuracy", "NOT-RUN(paper tier)"},
                                          {"map", "NOT-RUN(planted scenes only)"},
                                          {"pure", "NOT-RUN"},
                                          {"same", "-"},
                                          {"rise", "TREND-ONLY"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; ++i) {
        run_verdict_of(text, &run, want[i][0]);
        cr_expect_str_eq(text, want[i][1]);
    }
    world_drop(&run);
}

// Parts of one verdict, of which the one in the middle is the worst.
static const struct {
    int line;
    const char *id;
    struct estimate parts[3];
    const char *row;
} worst_parts[] = {
    // Not failed: the lower end decides, however large the estimate.
    {__LINE__,
     "order",
     {{2, 1.5, 3, 1}, {4, 1.25, 9, 2}, {2, 1.5, 2.5, 3}},
     "order\tREPRODUCED\t4\t1.25\t9\t2\t"},
    {__LINE__,
     "rise",
     {{1, -.5, 2, 1}, {2, -1, 5, 2}, {0, -.75, 1, 3}},
     "rise\tINCONCLUSIVE\t2\t-1\t5\t2\t"},
    // Failures: the upper end.
    {__LINE__,
     "order",
     {{-2, -9, -.5, 1}, {-2, -3, -1, 2}, {-2, -8, -.75, 3}},
     "order\tNOT-REPRODUCED\t-2\t-3\t-1\t2\t"},
    {__LINE__,
     "same",
     {{0, -.125, .125, 1}, {0, -.25, .125, 2}, {.125, 0, .1875, 3}},
     "same\tREPRODUCED\t0\t-0.25\t0.125\t2\t"},
    {__LINE__,
     "same",
     {{1, .5, 9, 1}, {-2, -3, -1, 2}, {1, .75, 8, 3}},
     "same\tNOT-REPRODUCED\t-2\t-3\t-1\t2\t"},
    {__LINE__,
     "sum",
     {{1, NAN, NAN, 1}, {-2, NAN, NAN, 2}, {1.5, NAN, NAN, 3}},
     "sum\tREFUTED\t-2\tnan\tnan\t2\t"},
    {__LINE__,
     "accuracy",
     {{60, NAN, NAN, 1}, {50, NAN, NAN, 2}, {100, NAN, NAN, 3}},
     "accuracy\tNOT-REPRODUCED\t50\tnan\tnan\t2\t"},
    // A part that is not finite is the worst; of equals the first decides.
    {__LINE__,
     "rise",
     {{1, -9, 2, 1}, {2, 1, INFINITY, 2}, {1, -9, 2, 3}},
     "rise\tINCONCLUSIVE\t2\t1\tnan\t2\t"},
    {__LINE__,
     "rise",
     {{9, 2, 10, 1}, {3, 1, 4, 2}, {4, 1, 5, 3}},
     "rise\tREPRODUCED\t3\t1\t4\t2\t"},
    // A worse verdict decides with any interval.
    {__LINE__,
     "order",
     {{2, -5, 3, 1}, {.25, -.125, .5, 2}, {2, .5, 3, 3}},
     "order\tNOT-REPRODUCED\t0.25\t-0.125\t0.5\t2\t"},
};
static size_t worst_case;

static void judge_worst(struct run *run)
{
    run_judge(run, worst_parts[worst_case].id, worst_parts[worst_case].parts, 3, 0, "t",
              "");
}

Test(record, of_parts_with_the_same_verdict_the_worst_decides)
{
    for (size_t i = 0; i < sizeof worst_parts / sizeof *worst_parts; ++i) {
        worst_case = i;
        const char *text = recorded("--tier paper --force 1", judge_worst);
        cr_expect(strstr(text, worst_parts[i].row), "line %d: %s", worst_parts[i].line,
                  text);
    }
}

Test(record, an_excluded_claim_keeps_our_value_and_its_reason)
{
    cr_expect_str_eq(
        recorded("", judge_excluded),
        "id\tverdict\testimate\tlow\thigh\tn\ttest\treason\tscale\tfinding\n"
        "accuracy\tNOT-RUN\t44.5\t43\t46\t100\tbootstrap\tpaper tier\t\t\n");
}

Test(record, two_pretrainings_show_a_trend_only)
{
    cr_expect(
        strstr(recorded("--tier paper", judge_pretrainings), "order\tTREND-ONLY\t"));
}

Test(record, an_infinite_bound_is_no_number_and_no_pass)
{
    cr_expect(strstr(recorded("--tier paper", judge_infinite),
                     "order\tINCONCLUSIVE\t2\t1.5\tnan\t2\tt\t\t\t\n"));
}
