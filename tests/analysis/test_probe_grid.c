#include "core/analysis/probe_grid.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/ending.h"

enum { TRAIN = 640, TEST = 200, D = 16, HELD_OUT = 160 };
enum { RECIPE, CHOSEN, NORMED, SOLVED, OTHER, PROBES };

static struct arena arena;

static void arena_make(void)
{
    arena_open_growing(&arena, "test");
}

static void arena_drop(void)
{
    arena_close(&arena);
}

TestSuite(probe_grid, .init = arena_make, .fini = arena_drop);

// Features of two kinds: 0 knows the class, 1 is noise.
struct world {
    struct probe_set set[2][2]; // kind, split
    uint16_t *labels[2];
};

static void world_open(struct world *world)
{
    static const size_t count[2] = {[SPLIT_TRAIN] = TRAIN, [SPLIT_TEST] = TEST};
    for (int split = 0; split < 2; ++split) {
        struct rng rng = rng_open(1, PURPOSE_TEST, 3, (uint32_t)split);
        uint16_t *labels = arena_take(&arena, count[split], sizeof *labels);
        for (size_t i = 0; i < count[split]; ++i)
            labels[i] = (uint16_t)rng_below(&rng, IMAGE_CLASSES);
        world->labels[split] = labels;
        for (int kind = 0; kind < 2; ++kind) {
            float *data = arena_take(&arena, count[split] * D, sizeof *data);
            for (size_t i = 0; i < count[split]; ++i)
                for (size_t j = 0; j < D; ++j)
                    data[i * D + j] = (float)(rng_normal(&rng) +
                                              (kind == 0 && j == labels[i] ? 4 : 0));
            world->set[kind][split] =
                (struct probe_set){{count[split], 1, D, data, NULL}, labels};
        }
    }
}

static struct probe_set set_of(const struct grid_probe *probe, size_t seed,
                               enum split split, const void *context)
{
    const struct world *world = context;
    (void)seed;
    return world->set[probe->features][split];
}

static void grid_open(struct probe_grid *grid, struct grid_probe probe[PROBES],
                      const struct world *world, int threads)
{
    const struct adapter none = adapter_none(0, D);
    const struct grid_probe table[PROBES] = {
        [RECIPE] = {"recipe", "", 0, 0, RATE_RECIPE, none, 1},
        [CHOSEN] = {"chosen", "", 0, 0, RATE_CHOSEN, none, 1, GRID_RATES, .5},
        [NORMED] = {"normed", "", 0, 1, RATE_CHOSEN, none, 1, GRID_RATES, .5},
        [SOLVED] = {"solved", "", 0, 0, RATE_NONE, none, 1},
        [OTHER] = {"other", "", 1, 0, RATE_CHOSEN, none, 1, 4, .5},
    };
    memcpy(probe, table, sizeof table);
    for (size_t p = 0; p < PROBES; ++p)
        answers_open(&probe[p].answers,
                     p == RECIPE   ? 3
                     : p == SOLVED ? 1
                                   : 2,
                     TEST, &arena);
    *grid = (struct probe_grid){probe, PROBES, set_of, world, 4, HELD_OUT, 5, threads};
}

Test(probe_grid, rates_are_chosen_and_answers_measured)
{
    struct world world;
    struct probe_grid grid;
    struct grid_probe probe[PROBES];
    world_open(&world);
    grid_open(&grid, probe, &world, 2);
    probe_grid_run(&grid);
    cr_expect_eq(probe[RECIPE].rate, PROBE_RECIPE.learning_rate);
    cr_expect(isnan(probe[SOLVED].rate));
    // At the recipe's rate twenty updates move a probe hardly at all.
    cr_expect_gt(probe[CHOSEN].rate, PROBE_RECIPE.learning_rate);
    cr_expect_gt(probe[CHOSEN].answers.accuracy.value, 80);
    cr_expect_gt(probe[NORMED].answers.accuracy.value, 80);
    cr_expect_gt(probe[SOLVED].answers.accuracy.value, 80);
    cr_expect_lt(probe[OTHER].answers.accuracy.value, 30);
    cr_expect_eq(probe[SOLVED].solution.solver.end, LBFGS_CONVERGED);
    cr_expect(probe[NORMED].fusion.residual > 0 &&
              probe[NORMED].fusion.residual < 1e-12);
    for (size_t r = 0; r < GRID_RATES; ++r) {
        const double images = probe[CHOSEN].held_out[r] * HELD_OUT;
        cr_expect(fabs(images - round(images)) < 1e-9, "a rate was judged on others");
    }
}

Test(probe_grid, threads_change_no_bit)
{
    struct world world;
    struct probe_grid grid;
    struct grid_probe one[PROBES], three[PROBES];
    world_open(&world);
    grid_open(&grid, one, &world, 1);
    probe_grid_run(&grid);
    grid_open(&grid, three, &world, 3);
    probe_grid_run(&grid);
    for (size_t p = 0; p < PROBES; ++p) {
        const struct answers *a = &one[p].answers, *b = &three[p].answers;
        cr_expect_arr_eq(a->predicted, b->predicted,
                         a->seeds * a->images * sizeof *a->predicted);
        cr_expect_arr_eq(one[p].held_out, three[p].held_out, sizeof one[p].held_out);
    }
}

// Other test images choose no other rate.
Test(probe_grid, the_test_images_choose_nothing)
{
    struct world world;
    struct probe_grid grid;
    struct grid_probe before[PROBES], after[PROBES];
    world_open(&world);
    grid_open(&grid, before, &world, 2);
    probe_grid_run(&grid);
    for (size_t i = 0; i < TEST; ++i)
        world.labels[SPLIT_TEST][i] =
            (uint16_t)((world.labels[SPLIT_TEST][i] + 1) % IMAGE_CLASSES);
    grid_open(&grid, after, &world, 2);
    probe_grid_run(&grid);
    for (size_t p = 0; p < PROBES; ++p) {
        cr_expect(p == SOLVED || before[p].rate == after[p].rate);
        cr_expect_arr_eq(before[p].answers.predicted, after[p].answers.predicted,
                         before[p].answers.seeds * TEST *
                             sizeof *before[p].answers.predicted);
    }
}

Test(probe_grid, of_equal_rates_the_lowest_is_taken)
{
    struct grid_probe probe = {
        .choice = RATE_CHOSEN, .rates = 4, .held_out = {.2, .7, .7, .1}};
    grid_probe_choose(&probe);
    cr_expect_eq(probe.rate, 4 * PROBE_RECIPE.learning_rate);
    cr_expect_eq(grid_rate_at_end(&probe), 0);
}

Test(probe_grid, a_rate_at_an_end_is_said_to_be_there)
{
    struct grid_probe probe = {
        .choice = RATE_CHOSEN, .rates = 4, .held_out = {.9, .7, .7, .1}};
    grid_probe_choose(&probe);
    cr_expect_eq(grid_rate_at_end(&probe), 1);
    probe.held_out[3] = 1;
    grid_probe_choose(&probe);
    cr_expect_eq(probe.rate, 64 * PROBE_RECIPE.learning_rate);
    cr_expect_eq(grid_rate_at_end(&probe), 1);
    probe.choice = RATE_RECIPE;
    cr_expect_eq(grid_rate_at_end(&probe), 0);
}

Test(probe_grid, a_rate_that_is_not_tried_is_not_chosen)
{
    struct grid_probe probe = {
        .choice = RATE_CHOSEN, .rates = 2, .held_out = {.2, .7, .9}};
    grid_probe_choose(&probe);
    cr_expect_eq(probe.rate, 4 * PROBE_RECIPE.learning_rate);
    cr_expect_eq(grid_rate_at_end(&probe), 1);
    probe.rates = 3;
    grid_probe_choose(&probe);
    cr_expect_eq(probe.rate, 16 * PROBE_RECIPE.learning_rate);

    struct world world;
    struct probe_grid grid;
    struct grid_probe few[PROBES];
    world_open(&world);
    grid_open(&grid, few, &world, 2);
    few[CHOSEN].rates = 2;
    for (size_t r = 2; r < GRID_RATES; ++r) few[CHOSEN].held_out[r] = -1;
    grid.count = 2;
    probe_grid_run(&grid);
    cr_expect_gt(few[CHOSEN].held_out[1], 0);
    for (size_t r = 2; r < GRID_RATES; ++r) cr_expect_eq(few[CHOSEN].held_out[r], -1);
}

Test(probe_grid, a_repeated_training_is_remembered_and_gives_the_same_answers)
{
    struct world world;
    struct probe_grid grid, alone;
    struct grid_probe probe[PROBES], trained[PROBES];
    world_open(&world);
    grid_open(&grid, probe, &world, 2);
    for (size_t p = 0; p < PROBES; ++p) probe[p].rate = PROBE_RECIPE.learning_rate;
    cr_expect_eq(grid_probe_memo(&probe[CHOSEN], &grid), &probe[RECIPE]);
    cr_expect_null(grid_probe_memo(&probe[RECIPE], &grid));
    cr_expect_null(grid_probe_memo(&probe[NORMED], &grid),
                   "batch norm is another probe");
    cr_expect_null(grid_probe_memo(&probe[OTHER], &grid), "other features");
    probe[CHOSEN].adapter.choice = 1;
    cr_expect_null(grid_probe_memo(&probe[CHOSEN], &grid), "another adapter");
    probe[CHOSEN].adapter.choice = 0;
    probe[CHOSEN].rate *= 4;
    cr_expect_null(grid_probe_memo(&probe[CHOSEN], &grid), "another rate");

    // A class that only the held-out images have is forgotten the faster the higher the rate is, so
    // the recipe's rate, the lowest, answers best.
    for (size_t i = 0; i < TRAIN; ++i)
        world.labels[SPLIT_TRAIN][i] =
            i < HELD_OUT ? 9 : (uint16_t)(world.labels[SPLIT_TRAIN][i] % 9);
    grid_open(&grid, probe, &world, 2);
    probe_grid_run(&grid);
    grid_open(&alone, trained, &world, 2);
    alone.probe = &trained[CHOSEN];
    alone.count = 1;
    probe_grid_run(&alone);
    cr_expect_eq(probe[CHOSEN].rate, PROBE_RECIPE.learning_rate);
    cr_expect_eq(grid_probe_memo(&probe[CHOSEN], &grid), &probe[RECIPE]);
    cr_expect_arr_eq(probe[CHOSEN].answers.predicted, trained[CHOSEN].answers.predicted,
                     2 * TEST * sizeof(uint16_t));
    cr_expect_arr_eq(probe[CHOSEN].answers.predicted, probe[RECIPE].answers.predicted,
                     2 * TEST * sizeof(uint16_t));
}

// LARS, which moves a weight by a thousandth of its length at the least rate, on features that tell
// the class.
Test(probe_grid, another_optimiser_is_trained_at_the_best_of_its_rates)
{
    static const struct lars_recipe lars = {64, 64, 90, 10, .1, .9, .001};
    struct grid_probe probe[2][PROBES];
    struct probe_grid grid[2];
    struct world world;
    world_open(&world);
    for (int run = 0; run < 2; ++run) {
        grid_open(&grid[run], probe[run], &world, 1 + run);
        probe[run][CHOSEN].lars = &lars;
        grid[run].epochs = 100;
        probe[run][CHOSEN].search = .5;
        grid[run].count = 2;
        probe_grid_run(&grid[run]);
    }
    const struct grid_probe *found = &probe[0][CHOSEN], *adamw = &probe[0][RECIPE];
    size_t best = 0;
    for (size_t r = 0; r < GRID_RATES; ++r) {
        cr_expect_eq(grid_probe_rate(found, r), .1 * grid_rate_factor[r]);
        if (found->held_out[r] > found->held_out[best]) best = r;
    }
    cr_expect_eq(found->rate, grid_probe_rate(found, best));
    cr_expect_gt(found->held_out[GRID_RATES - 1], found->held_out[0]);
    cr_expect_gt(found->answers.accuracy.value, 60, "%g %%",
                 found->answers.accuracy.value);
    cr_expect_null(grid_probe_memo(found, &grid[0]));
    cr_expect_arr_neq(found->answers.predicted, adamw->answers.predicted,
                      2 * TEST * sizeof(uint16_t));
    cr_expect_arr_eq(found->answers.predicted, probe[1][CHOSEN].answers.predicted,
                     2 * TEST * sizeof(uint16_t), "two threads");
}

// At every rate the first step's gradient is beyond what floats hold.
static void run_out_of_scale(const void *context)
{
    const struct world *world = context;
    struct grid_probe probe[PROBES];
    struct probe_grid grid;
    grid_open(&grid, probe, world, 1);
    grid.count = 2;
    probe_grid_run(&grid);
}

Test(probe_grid, a_probe_that_diverges_answers_nothing)
{
    struct world world;
    world_open(&world);
    float *data = (float *)world.set[0][SPLIT_TRAIN].features.data;
    for (size_t i = 0; i < (size_t)TRAIN * D; ++i) data[i] *= 1e38F;
    expect_ending(
        __LINE__, run_out_of_scale, &world, 3,
        "after training at rate 0.0005 (the weights' tokens are out of scale)");
}

BREAKS(probe_grid, refuses_a_solution_of_two_seeds, "probe->answers.seeds == 1")
{
    struct grid_probe probe[PROBES];
    struct probe_grid grid;
    struct world world;
    world_open(&world);
    grid_open(&grid, probe, &world, 1);
    answers_open(&probe[SOLVED].answers, 2, TEST, &arena);
    grid.probe = &probe[SOLVED];
    grid.count = 1;
    probe_grid_run(&grid);
}
