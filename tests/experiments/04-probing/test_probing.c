#include "experiments/04-probing/probing.h"

#include <criterion/criterion.h>

#include "tests/report/world.h"

// The scale of a tier with these options (0: left out).
static struct probing_scale scale_of(enum tier tier, double epochs, int seeds)
{
    const struct run run = {
        .options = {.tier = tier, .epochs = epochs, .seeds = seeds}};
    return probing_scale(&run);
}

Test(probing, desk_and_paper_train_by_the_whole_recipe)
{
    for (enum tier tier = TIER_DESK; tier <= TIER_PAPER; ++tier) {
        const struct probing_scale scale = scale_of(tier, 0, 0);
        cr_expect(scale.epochs == PROBE_RECIPE.epochs && scale.seeds == 5 &&
                  scale.control_seeds == RANDOM_ENCODERS);
        cr_expect_eq(scale.whole_epochs, PROBE_RECIPE.epochs);
    }
}

Test(probing, smoke_has_a_recipe_of_ten_epochs)
{
    const struct probing_scale scale = scale_of(TIER_SMOKE, 0, 0);
    cr_expect(scale.epochs == 10 && scale.whole_epochs == 10 && scale.seeds == 2 &&
              scale.control_seeds == 2);
}

// Fewer epochs than whole_epochs are a pilot; more are not.
Test(probing, epochs_shorten_a_training_and_not_the_recipe)
{
    struct probing_scale scale = scale_of(TIER_DESK, 3, 0);
    cr_expect(scale.epochs == 3 && scale.whole_epochs == PROBE_RECIPE.epochs);
    scale = scale_of(TIER_SMOKE, 100, 0);
    cr_expect(scale.epochs == 100 && scale.whole_epochs == 10);
}

// Each seed of a control has a random encoder.
Test(probing, controls_have_no_more_seeds_than_there_are_random_encoders)
{
    for (int seeds = 1; seeds <= 2 * RANDOM_ENCODERS; ++seeds) {
        const struct probing_scale scale = scale_of(TIER_DESK, 0, seeds);
        cr_expect_eq(scale.seeds, (size_t)seeds);
        cr_expect_eq(scale.control_seeds,
                     (size_t)(seeds < RANDOM_ENCODERS ? seeds : RANDOM_ENCODERS));
    }
}

// ====== Verdicts ======

#define ROW(id, kind, effect, margin)                                                  \
    id "\tTable 1\tA\tclaim\t" effect "\t" kind "\t" margin                            \
       "\td\tany\tdesk\tf\t02-demo\n"

#define ACCURACY(id) id "\tTable 1\tA\t64.4\t\tnumeric\t3\td\tany\tpaper\tf\t02-demo\n"

static int at_end = -1; // the probe whose best rate is the largest tried, if any

// What is judged of gaps of so many points, with intervals of a point on both sides.
static const char *verdicts_of(const double points[GAPS], enum lbfgs_end end)
{
    static struct probing probing;
    static struct study study;
    char claims[sizeof world_claims + 2048], words[512];
    world_open();
    snprintf(claims, sizeof claims, "%s%s%s%s%s%s%s%s%s%s", world_claims,
             ACCURACY("table1.cifar10.lp"), ACCURACY("table1.cifar10.bn-lp"),
             ACCURACY("table1.cifar10.partial"),
             ROW("table1.cifar10.bn-over-lp", "ordering", "12.2", ""),
             ROW("table1.cifar10.partial-over-bn", "ordering", "6", ""),
             ROW("section6.3.bn-converged", "equivalence", "", "2"),
             ROW("section6.3.qkv-over-mlp", "ordering", "2", ""),
             ROW("section6.adamw", "ordering", "2", ""),
             ROW("section6.3.reselection", "ordering", "2", ""));
    world_claims_write("paper/claims.tsv", claims);
    world_listen();
    study = (struct study){0};
    world_run(&study.run, "--tier desk --data cifar10 --force 1", words);
    probing = (struct probing){.study = &study};
    for (int p = 0; p < PROBES; ++p)
        probing.probe[p].answers.accuracy = (struct estimate){60, 59, 61, 100};
    for (int p = LP_CHOSEN; p <= LARS_BN; ++p) {
        static const struct lars_recipe recipe = {.base_rate = .1};
        struct grid_probe *probe = &probing.probe[p];
        if (p >= LARS) probe->lars = &recipe;
        probe->choice = RATE_CHOSEN;
        probe->rates = GRID_RATES;
        probe->rate = grid_probe_rate(probe, GRID_RATES - (p == at_end ? 1 : 2));
    }
    for (int p = LP_SOLVED; p <= BN_LP_SOLVED; ++p)
        probing.probe[p].solution.solver.end = end;
    for (int g = 0; g < GAPS; ++g) {
        probing.gap[g] = probing_gaps[g];
        probing.gap[g].gain.points =
            (struct estimate){points[g], points[g] - 1, points[g] + 1, 100};
    }
    probing_judge(&probing);
    run_verdict_rest(&study.run, "no part of this test");
    run_close(&study.run);
    return world_text("results/desk-cifar10/02-demo/verdicts.tsv");
}

#define expect(verdicts, id, verdict)                                                  \
    cr_expect(strstr(verdicts, "\n" id "\t" verdict "\t"), "%s", verdicts)

Test(probing, gaps_as_the_paper_has_them_hold)
{
    static const double papers[GAPS] = {
        [GAP_BN] = 12,      [GAP_PARTIAL] = 7, [GAP_MIXING] = 5,  [GAP_OVER_VALUE] = 4,
        [GAP_OVER_MLP] = 3, [GAP_ADAMW] = 3,   [GAP_ADAMW_BN] = 4};
    const char *verdicts = verdicts_of(papers, LBFGS_CONVERGED);
    expect(verdicts, "table1.cifar10.bn-over-lp", "REPRODUCED-SCALED");
    expect(verdicts, "table1.cifar10.partial-over-bn", "REPRODUCED-SCALED");
    expect(verdicts, "section6.3.qkv-over-mlp", "REPRODUCED-SCALED");
    expect(verdicts, "section6.3.reselection", "REPRODUCED-SCALED");
    expect(verdicts, "section6.adamw", "REPRODUCED-SCALED");
    expect(verdicts, "section6.3.bn-converged", "REPRODUCED-SCALED");
}

Test(probing, the_opposite_turns_every_verdict)
{
    static const double opposite[GAPS] = {
        [GAP_BN] = -12,    [GAP_PARTIAL] = -7,    [GAP_BN_SOLVED] = 9,
        [GAP_MIXING] = -5, [GAP_OVER_VALUE] = -4, [GAP_OVER_MLP] = -3,
        [GAP_ADAMW] = -3,  [GAP_ADAMW_BN] = 4};
    const char *verdicts = verdicts_of(opposite, LBFGS_CONVERGED);
    expect(verdicts, "table1.cifar10.bn-over-lp", "NOT-REPRODUCED");
    expect(verdicts, "table1.cifar10.partial-over-bn", "NOT-REPRODUCED");
    expect(verdicts, "section6.3.qkv-over-mlp", "NOT-REPRODUCED");
    expect(verdicts, "section6.3.reselection", "NOT-REPRODUCED");
    expect(verdicts, "section6.adamw", "NOT-REPRODUCED");
    expect(verdicts, "section6.3.bn-converged", "NOT-REPRODUCED");
}

// q and k have to gain over v, and over the perceptron.
Test(probing, a_reselection_needs_both_of_its_gaps)
{
    static const double half[][GAPS] = {{[GAP_OVER_VALUE] = 4, [GAP_OVER_MLP] = -4},
                                        {[GAP_OVER_VALUE] = -4, [GAP_OVER_MLP] = 4}};
    for (int h = 0; h < 2; ++h)
        expect(verdicts_of(half[h], LBFGS_CONVERGED), "section6.3.reselection",
               "NOT-REPRODUCED");
}

Test(probing, a_probe_that_was_not_solved_decides_nothing)
{
    static const double none[GAPS] = {0};
    expect(verdicts_of(none, LBFGS_ITERATIONS), "section6.3.bn-converged",
           "INCONCLUSIVE");
}

Test(probing, where_a_better_rate_may_lie_beyond_those_tried_nothing_is_decided)
{
    static const double leads[GAPS] = {[GAP_MIXING] = 5,
                                       [GAP_OVER_VALUE] = 5,
                                       [GAP_OVER_MLP] = 5,
                                       [GAP_ADAMW] = 5,
                                       [GAP_ADAMW_BN] = 5};
    static const struct {
        int probe;
        const char *open;
    } ends[] = {
        {LARS, "section6.adamw"},          {BN_LP_CHOSEN, "section6.adamw"},
        {MLP, "section6.3.qkv-over-mlp"},  {PARTIAL_CHOSEN, "section6.3.qkv-over-mlp"},
        {VALUE, "section6.3.reselection"}, {QUERY_KEY, "section6.3.reselection"}};
    for (size_t e = 0; e < sizeof ends / sizeof *ends; ++e) {
        char line[80];
        at_end = ends[e].probe;
        snprintf(line, sizeof line, "\n%s\tINCONCLUSIVE\t", ends[e].open);
        const char *verdicts = verdicts_of(leads, LBFGS_CONVERGED);
        cr_expect(strstr(verdicts, line), "%s", verdicts);
    }
}
