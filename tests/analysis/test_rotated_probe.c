#include "core/analysis/rotated_probe.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/data/planted.h"
#include "core/linalg/frobenius.h"
#include "core/stats/summary.h"

enum { TRAIN = 1500, TEST = 300, ROWS = 32, WIDTH = 48 };

static struct arena arena;
static struct images sets[2];
static struct rotated_probe probe[2];

static void open_sets(void)
{
    arena_open_growing(&arena, "test");
    planted_make(&sets[0], 1, TRAIN, 0);
    planted_make(&sets[1], 2, TEST, 0);
    strcpy(sets[0].digest, "a");
    strcpy(sets[1].digest, "b");
    for (int s = 0; s < 2; ++s)
        probe[s] = (struct rotated_probe){&sets[s], sets[s].count, 4, .5, 1};
}

static void close_sets(void)
{
    for (int s = 0; s < 2; ++s) images_free(&sets[s]);
    arena_close(&arena);
}

TestSuite(rotated_probe, .init = open_sets, .fini = close_sets);

// Features change, by as much as their own size and more; the spectral loss does not see it.
Test(rotated_probe, a_rotation_has_no_spectral_loss)
{
    enum { NUMBERS = TEST * ROWS * WIDTH };
    double *plain = arena_doubles(&arena, NUMBERS),
           *turned = arena_doubles(&arena, NUMBERS), loss[TEST];
    rotated_features(plain, loss, &probe[1], ROTATED_NOT, &arena);
    cr_expect_eq(squared_norm(loss, TEST), 0);
    for (int way = ROTATED_SIGN; way < ROTATED_WAYS; ++way) {
        rotated_features(turned, loss, &probe[1], (enum rotated)way, &arena);
        cr_expect_gt(squared_distance(turned, plain, NUMBERS),
                     squared_norm(plain, NUMBERS));
        for (size_t i = 0; i < TEST; ++i) cr_expect_lt(loss[i], 1e-24);
    }
}

// A scene's sign is random, so that its class cannot be read linearly: labels here are whether the
// first hidden patch is brighter than the second.
Test(rotated_probe, what_rotations_hide_cannot_be_classified)
{
    for (int s = 0; s < 2; ++s) {
        double *rows = arena_doubles(&arena, sets[s].count * ROWS * WIDTH);
        rotated_features(rows, NULL, &probe[s], ROTATED_NOT, &arena);
        for (size_t i = 0; i < sets[s].count; ++i)
            sets[s].labels[i] = rows[i * ROWS * WIDTH] > rows[i * ROWS * WIDTH + WIDTH];
    }
    double right[ROTATED_WAYS * TEST], agrees[ROTATED_WAYS], loss[ROTATED_WAYS];
    rotated_probe_run(right, agrees, loss, &probe[0], &probe[1], &arena);
    cr_expect_gt(mean(right, TEST), .8, "%g", mean(right, TEST));
    cr_expect_lt(mean(right + ROTATED_TURN * TEST, TEST), .65, "%g",
                 mean(right + ROTATED_TURN * TEST, TEST));
    cr_expect_eq(agrees[ROTATED_NOT], 1);
    cr_expect_lt(agrees[ROTATED_TURN], .65);
    cr_expect_lt(loss[ROTATED_TURN], 1e-24);
}
