#include "core/base/rng.h"
#include "experiments/02-rank-curves/judge.h"
#include "tests/report/world.h"

// The small project of core/report's tests, with the claims about curves.
static void open_table(void)
{
    char claims[sizeof world_claims + 1024];
    world_open();
    snprintf(
        claims, sizeof claims,
        "%s"
        "figure2.slope-direction\tF2\tx\tc\t\ttrend\t\t\tany\tdesk\tf\t02-demo\n"
        "figure2.distance-rises\tF2\tx\tc\t\ttrend\t\t\tany\tdesk\tf\t02-demo\n"
        "figure2.learned-beats-linear\tF2\tx\tc\t\ttrend\t\t\tany\tdesk\tf\t02-demo\n"
        "slopes\tF2\tx\tc\t\ttrend\t\t\tany\tdesk\tf\t02-demo\n",
        world_claims);
    world_claims_write("paper/claims.tsv", claims);
}

TestSuite(judge, .init = open_table);

enum { IMAGES = 60 };

// Distances of i times the steepness, and a little noise that the bootstrap can see.
static void samples_make(struct rank_samples *samples, enum grouping grouping,
                         double steepness, uint32_t index, struct arena *arena)
{
    struct rng rng = rng_open(3, PURPOSE_TEST, 0, index);
    rank_samples_open(samples, IMAGES, arena);
    for (size_t i = 0; i < COMPONENTS; ++i)
        for (size_t n = 0; n < IMAGES; ++n) {
            for (int g = 0; g < GROUPINGS; ++g)
                samples->relative[g][i][n] =
                    (g == (int)grouping ? steepness : 1) * (double)(i + 1) +
                    .01 * rng_uniform(&rng);
            samples->frobenius[i][n] = samples->spectral[i][n] =
                samples->relative[GROUPING_HIDDEN][i][n];
            samples->scale[i][n] = 1;
        }
}

// The verdict on a claim of arms of which slope number a = 1, 2, ... is 5 + way a, of each
// predictor.
static const char *verdict(const double way[PREDICTORS], enum grouping grouping,
                           const char *id)
{
    static struct arm arms[ARMS];
    struct study study = {0};
    char words[512];
    arena_open_growing(&study.arena, "test");
    world_listen();
    world_run(&study.run, "--tier desk --data cifar10 --force 1", words);
    for (size_t a = 0; a < ARMS; ++a)
        for (int p = 0; p < PREDICTORS; ++p) {
            arms[a].side[p] = p == OTHER_SIDE ? 2 : 4;
            samples_make(&arms[a].samples[p], grouping, 5 + way[p] * (double)(a + 1),
                         (uint32_t)(a * PREDICTORS) + (uint32_t)p, &study.arena);
            rank_curve_fit(&arms[a].curve[p], &arms[a].samples[p], 200, 1);
        }
    for (size_t a = 0; a < ARMS; ++a)
        rank_curve_gap(arms[a].gap, &arms[a].samples[LINEAR], &arms[a].samples[LEARNED],
                       200, 1);
    if (strcmp(id, "slopes") == 0)
        judge_slopes(&study, arms, id, grouping);
    else if (strcmp(id, "figure2.slope-direction") == 0)
        judge_direction(&study, arms);
    else
        judge_curves(&study, arms);
    cr_expect_eq(run_close(&study.run), 0);
    arena_close(&study.arena);
    return world_verdict("results/desk-cifar10/02-demo/verdicts.tsv", id);
}

// One pretraining an arm earns a trend at best.
Test(judge, those_that_rise_hold_and_those_that_fall_do_not)
{
    const double rises[PREDICTORS] = {.5, 0, 0}, falls[PREDICTORS] = {-.5, 0, 0};
    cr_expect_str_eq(verdict(rises, GROUPING_HIDDEN, "slopes"), "TREND-ONLY");
    cr_expect_str_eq(verdict(falls, GROUPING_HIDDEN, "slopes"), "NOT-REPRODUCED");
    cr_expect_str_eq(verdict(rises, GROUPING_QUARTERS, "slopes"), "TREND-ONLY");
    cr_expect_str_eq(verdict(falls, GROUPING_QUARTERS, "slopes"), "NOT-REPRODUCED");
    cr_expect_str_eq(verdict(rises, GROUPING_WHOLE, "slopes"), "TREND-ONLY");
    cr_expect_str_eq(verdict(falls, GROUPING_WHOLE, "slopes"), "NOT-REPRODUCED");
}

Test(judge, the_linear_predictor_turns_with_the_side_of_patches_or_does_not)
{
    const double turns[PREDICTORS] = {0, -.5, .5}, rises[PREDICTORS] = {0, .5, .5},
                 turned[PREDICTORS] = {0, .5, -.5};
    const char *id = "figure2.slope-direction";
    cr_expect_str_eq(verdict(turns, GROUPING_HIDDEN, id), "REPRODUCED-SCALED");
    cr_expect_str_eq(verdict(rises, GROUPING_HIDDEN, id), "NOT-REPRODUCED");
    cr_expect_str_eq(verdict(turned, GROUPING_HIDDEN, id), "NOT-REPRODUCED");
}

// Distances fall with i at the highest mask ratio alone.
Test(judge, distances_rise_at_every_ratio_or_the_claim_fails)
{
    const double rise[PREDICTORS] = {0}, fall[PREDICTORS] = {-1.2, 0, 0};
    const char *id = "figure2.distance-rises";
    cr_expect_str_eq(verdict(rise, GROUPING_HIDDEN, id), "REPRODUCED-SCALED");
    cr_expect_str_eq(verdict(fall, GROUPING_HIDDEN, id), "NOT-REPRODUCED");
}

Test(judge, the_rival_is_beaten_or_beats_the_model)
{
    const double farther[PREDICTORS] = {0, .5, 0}, nearer[PREDICTORS] = {0, -.5, 0},
                 other[PREDICTORS] = {0, 0, .5};
    const char *id = "figure2.learned-beats-linear";
    cr_expect_str_eq(verdict(farther, GROUPING_HIDDEN, id), "REPRODUCED-SCALED");
    cr_expect_str_eq(verdict(nearer, GROUPING_HIDDEN, id), "NOT-REPRODUCED");
    cr_expect_str_neq(verdict(other, GROUPING_HIDDEN, id), "REPRODUCED-SCALED",
                      "the predictor at the other side is no rival");
}
