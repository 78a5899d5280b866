#include "core/analysis/solved_probe.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"

enum { N = 300, ROWS = 2, D = 8, C = 3 };
static const struct lbfgs_settings SHARP = {20, 2000, 1e-9};

static float data[2][N * ROWS * D];
static uint16_t labels[2][N];

// Row 1 knows the class a little, in columns of very different sizes; row 0 is noise.
static struct probe_set planted(uint32_t set)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 2, set);
    for (size_t i = 0; i < N; ++i) {
        labels[set][i] = (uint16_t)rng_below(&rng, C);
        for (size_t k = 0; k < ROWS * D; ++k) {
            const size_t row = k / D, j = k % D;
            const double class = row == 1 && j == labels[set][i] ? 1.5 : 0;
            data[set][i * ROWS * D + k] =
                (float)((rng_normal(&rng) + class) * pow(2, (double)j - 4) + 3);
        }
    }
    return (struct probe_set){{N, ROWS, D, data[set], NULL}, labels[set]};
}

static double right_share(const uint16_t *answers, const struct probe_set *set)
{
    size_t right = 0;
    for (size_t i = 0; i < N; ++i) right += answers[i] == set->labels[i];
    return (double)right / N;
}

Test(solved_probe, reads_the_row_that_it_is_told)
{
    const struct probe_set train = planted(0), test = planted(1);
    uint16_t answers[N];
    const struct softmax_solution solution =
        solved_probe_fit(answers, C, 0, 1, &train, &test, &SHARP);
    cr_expect_eq(solution.solver.end, LBFGS_CONVERGED);
    cr_expect_leq(solution.solver.gradient, 1e-9);
    cr_expect_gt(right_share(answers, &test), .6);
    solved_probe_fit(answers, C, 0, 0, &train, &test, &SHARP);
    cr_expect_lt(right_share(answers, &test), .45);
}

// Sec. 5.2: normalisation by fixed statistics is affine, so the minimum and the answers are the
// same.
Test(solved_probe, batch_norm_changes_no_solution)
{
    const struct probe_set train = planted(0), test = planted(1);
    uint16_t plain[N], normed[N];
    const struct softmax_solution one = solved_probe_fit(plain, C, 0, 1, &train, &test,
                                                         &SHARP),
                                  two = solved_probe_fit(normed, C, 1, 1, &train, &test,
                                                         &SHARP);
    cr_expect(fabs(one.solver.value - two.solver.value) < 1e-9 * one.solver.value,
              "%.12g %.12g", one.solver.value, two.solver.value);
    cr_expect_arr_eq(plain, normed, sizeof plain);
}
