#include "experiments/09-mask-ratio/judge.h"

#include <math.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/report/world.h"

#define ROW(id, effect, kind, margin)                                                  \
    id "\tSec. 5.1\tA\tclaim\t" effect "\t" kind "\t" margin                           \
       "\td\tany\tdesk\tf\t02-demo\n"

// The small project of core/report's tests, with the rows that are judged here.
static void open_rows(void)
{
    char claims[sizeof world_claims + 1024];
    world_open();
    snprintf(claims, sizeof claims, "%s%s%s%s%s%s", world_claims,
             ROW("section5.1.rank", "", "equivalence", "0.2"),
             ROW("eq19.law", "", "equivalence", "0.2"),
             ROW("section5.1.rank.same-patches", "", "trend", ""),
             ROW("section5.1.optimal-ratio", "", "trend", ""),
             ROW("section5.1.clusters", "2", "ordering", ""));
    world_claims_write("paper/claims.tsv", claims);
}

TestSuite(judge, .init = open_rows);

enum { IMAGES = 30 };

// What judge(what) records of the claim.
static const char *verdict_of(void (*judge)(struct study *, const double *),
                              const double *what, const char *id)
{
    struct study study = {0};
    char words[512];
    arena_open_growing(&study.arena, "test");
    world_listen();
    world_run(&study.run, "--tier desk --data planted --force 1", words);
    judge(&study, what);
    run_verdict_rest(&study.run, "no part of this test");
    run_close(&study.run);
    arena_close(&study.arena);
    return world_verdict("results/desk-planted/02-demo/verdicts.tsv", id);
}

// Ranks N^power[0] N0^power[1]; those of the same patches are multiplied by power[2] from each mask
// ratio to the next. Noise is added to every image.
static void ranks_of(struct study *study, const double *power)
{
    static const double visible[ARMS] = {32, 25, 19, 12, 6};
    struct ranks ranks = {.images = IMAGES, .rival_images = IMAGES};
    for (size_t a = 0; a < ARMS; ++a) {
        struct rng rng = rng_open(4, PURPOSE_TEST, 0, (uint32_t)a);
        ranks.visible[a] = visible[a];
        ranks.hidden[a] = 64 - visible[a];
        for (int p = 0; p < PREDICTORS; ++p)
            ranks.effective[p][a] = arena_doubles(&study->arena, IMAGES);
        ranks.shared[a] = arena_doubles(&study->arena, IMAGES);
        for (size_t i = 0; i < IMAGES; ++i) {
            const double noise = 1 + .02 * rng_normal(&rng);
            // The rival's do the opposite and count for nothing.
            ranks.effective[LEARNED][a][i] =
                noise * pow(visible[a], power[0]) * pow(64 - visible[a], power[1]);
            ranks.effective[LINEAR][a][i] = noise * pow(visible[a], 2 - power[0]);
            ranks.shared[a][i] = noise * pow(power[2], (double)a);
        }
    }
    judge_ranks(study, &ranks);
}

// One model a ratio earns a trend at best.
Test(judge, ranks_are_proportional_to_the_visible_patches_or_rise_more_slowly)
{
    const double proportional[] = {1, 0, .8}, slower[] = {.5, 0, .8};
    cr_expect_str_eq(verdict_of(ranks_of, proportional, "section5.1.rank"),
                     "TREND-ONLY");
    cr_expect_str_eq(verdict_of(ranks_of, slower, "section5.1.rank"), "NOT-REPRODUCED");
}

// log(rank / N0) on log(N / N0): N^a N0^(1 - a) has slope a.
Test(judge, shares_of_the_hidden_patches_have_a_slope_of_their_own)
{
    const double proportional[] = {1, 0, .8}, slower[] = {.5, .5, .8};
    cr_expect_str_eq(verdict_of(ranks_of, proportional, "eq19.law"), "TREND-ONLY");
    cr_expect_str_eq(verdict_of(ranks_of, slower, "eq19.law"), "NOT-REPRODUCED");
}

Test(judge, the_rank_of_the_same_patches_falls_or_rises_with_what_is_hidden)
{
    const double falls[] = {1, 0, .8}, rises[] = {1, 0, 1.2};
    const char *id = "section5.1.rank.same-patches";
    cr_expect_str_eq(verdict_of(ranks_of, falls, id), "TREND-ONLY");
    cr_expect_str_eq(verdict_of(ranks_of, rises, id), "NOT-REPRODUCED");
}

// Qualities of setting (k, m): ten points less for each ratio between it and best[k]. What is
// claimed of any images is no more than a trend on planted ones.
static void dial_of(struct study *study, const double *best)
{
    struct dial dial;
    dial_open(&dial, &(struct run_options){.tier = TIER_DESK}, &study->arena);
    for (int q = 0; q < QUALITIES; ++q) dial.scenes[q] = 60;
    for (size_t k = 0; k < dial.region_count; ++k)
        for (size_t m = 0; m < dial.ratio_count; ++m)
            for (int q = 0; q < QUALITIES; ++q) {
                struct rng rng = rng_open(6, PURPOSE_TEST, (uint32_t)k, (uint32_t)m);
                for (size_t i = 0; i < dial.seeds * dial.scenes[q]; ++i)
                    dial.quality[k][m][q][i] =
                        70 - 10 * fabs((double)m - best[k]) + rng_normal(&rng);
            }
    judge_dial(study, &dial);
}

Test(judge, the_best_ratio_falls_with_the_regions_or_rises)
{
    const double papers[DIAL_REGIONS] = {4, 3, 1, 0}, opposite[] = {0, 1, 3, 4};
    const char *id = "section5.1.optimal-ratio";
    cr_expect_str_eq(verdict_of(dial_of, papers, id), "TREND-ONLY");
    cr_expect_str_eq(verdict_of(dial_of, opposite, id), "NOT-REPRODUCED");
}

Test(judge, the_best_ratio_lies_between_for_every_number_of_regions_or_at_an_end)
{
    const double between[DIAL_REGIONS] = {3, 2, 2, 1}, once_not[] = {3, 2, 2, 0};
    const char *id = "section5.1.clusters";
    cr_expect_str_eq(verdict_of(dial_of, between, id), "TREND-ONLY");
    cr_expect_str_eq(verdict_of(dial_of, once_not, id), "NOT-REPRODUCED");
    cr_expect(strstr(world_text("results/desk-planted/02-demo/verdicts.tsv"),
                     "worse by 1 or more, of 4 numbers of regions: the lowest ratio in "
                     "3 by segmentation, 3 by probe; the highest in 4 and 4"));
}
