#include "core/analysis/components.h"

#include "core/analysis/ranks.h"
#include "core/base/rng.h"
#include "core/linalg/svd.h"
#include "core/stats/slope.h"
#include "core/stats/summary.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <float.h>
#include <stdlib.h>

// Patch matrices of patch sides 4 and 2, both orientations, and the smallest shape.
static const size_t shapes[][2] = {{64, 48}, {256, 12}, {48, 64}, {5, 5}, {7, 6}};

enum { MOST = 64 * 48, SIDE = 64 };

static double *normal_make(size_t count, uint32_t number)
{
    struct rng rng = rng_open(9, PURPOSE_TEST, 0, number);
    double *x = malloc(count * sizeof *x);
    for (size_t i = 0; i < count; ++i) x[i] = rng_normal(&rng);
    return x;
}

static void compare(struct components *components, const double *x, const double *y,
                    size_t m, size_t n)
{
    struct arena arena;
    arena_open_growing(&arena, "components test");
    cr_assert_eq(components_compare(components, x, y, m, n, &arena), 0);
    cr_expect_eq(arena_mark(&arena), 0);
    arena_close(&arena);
}

// u (m,r), s (r), vt (r,n) = the factors of x (m,n), which is unchanged.
static void factors_make(double *u, double *s, double *vt, const double *x, size_t m,
                         size_t n)
{
    double *copy = malloc(m * n * sizeof *copy);
    double *workspace = malloc(svd_workspace(m, n) * sizeof *workspace);
    memcpy(copy, x, m * n * sizeof *copy);
    cr_assert_eq(svd_thin(u, s, vt, copy, m, n, workspace), 0);
    free(copy), free(workspace);
}

ParameterizedTestParameters(components, equal_the_norms_of_the_differences_written_out)
{
    static int numbers[] = {0, 1, 2, 3, 4};
    return cr_make_param_array(int, numbers, 5);
}

ParameterizedTest(int *number, components,
                  equal_the_norms_of_the_differences_written_out)
{
    size_t m = shapes[*number][0], n = shapes[*number][1], r = m < n ? m : n;
    // Y is near X, so some components nearly agree and others, of either sign, do not.
    double *x = normal_make(m * n, 0), *y = normal_make(m * n, 1);
    for (size_t i = 0; i < m * n; ++i) y[i] = x[i] + 0.3 * y[i];
    struct components got;
    compare(&got, x, y, m, n);

    static double u[MOST], s[SIDE], vt[MOST], a[MOST], t[SIDE], bt[MOST];
    static double d[MOST], left[MOST], values[SIDE], right[MOST];
    factors_make(u, s, vt, x, m, n);
    factors_make(a, t, bt, y, m, n);
    for (size_t k = 0; k < COMPONENTS; ++k) {
        double frobenius = 0;
        for (size_t i = 0; i < m; ++i)
            for (size_t j = 0; j < n; ++j) {
                double entry = s[k] * u[i * r + k] * vt[k * n + j] -
                               t[k] * a[i * r + k] * bt[k * n + j];
                d[i * n + j] = entry;
                frobenius += entry * entry;
            }
        factors_make(left, values, right, d, m, n);
        double spectral = values[0] * values[0], scale = s[k] * s[k];
        // Rounding of sums of m*n products of the order of s^2.
        double atol = 1e-13 * scale;
        expect_close(&got.frobenius[k], &frobenius, 1, 1e-12, atol);
        expect_close(&got.spectral[k], &spectral, 1, 1e-12, atol);
        expect_close(&got.scale[k], &scale, 1, 0, 0);
    }
    const double rank[] = {effective_rank(s, r), effective_rank(t, r)};
    expect_close(got.rank, rank, 2, 1e-12, 0);
    free(x), free(y);
}

Test(components, of_equal_matrices_are_at_distance_zero)
{
    double *x = normal_make(MOST, 2);
    struct components got;
    compare(&got, x, x, 64, 48);
    for (int i = 0; i < COMPONENTS; ++i)
        cr_expect(got.frobenius[i] == 0 && got.spectral[i] == 0, "component %d", i);
    free(x);
}

Test(components, of_a_matrix_of_low_rank_are_at_relative_distance_zero_from_themselves)
{
    static double x[MOST], relative[COMPONENTS];
    for (size_t i = 0; i < MOST; ++i) x[i] = 1; // rank 1: four components vanish
    struct components got;
    compare(&got, x, x, 64, 48);
    components_relative(relative, got.frobenius, got.scale);
    for (int i = 0; i < COMPONENTS; ++i) cr_expect(relative[i] == 0, "component %d", i);
}

Test(components, see_a_small_distance_to_full_precision)
{
    // Y = (1 + 2^-40) X: the distance is 2^-80 of the scale, far below the rounding of s^2.
    double *x = normal_make(MOST, 3);
    static double u[MOST], s[SIDE], vt[MOST], t[SIDE];
    factors_make(u, s, vt, x, 64, 48);
    for (int i = 0; i < 48; ++i) t[i] = s[i] * (1 + 0x1p-40);
    struct components got;
    components_distance(&got, &(struct factors){u, s, vt}, &(struct factors){u, t, vt},
                        64, 48);
    for (int i = 0; i < COMPONENTS; ++i) {
        double want = 0x1p-80 * got.scale[i];
        expect_close(&got.frobenius[i], &want, 1, 2e-3, 0); // s (1 + 2^-40) is rounded
        expect_close(&got.spectral[i], &want, 1, 2e-3, 0);
    }
    free(x);
}

Test(components, do_not_see_signs_of_singular_vectors)
{
    double *x = normal_make(MOST, 4);
    static double u[MOST], s[SIDE], vt[MOST], turned[MOST], turned_vt[MOST];
    factors_make(u, s, vt, x, 64, 48);
    for (size_t i = 0; i < MOST; ++i) turned[i] = -u[i], turned_vt[i] = -vt[i];
    struct factors plain = {u, s, vt}, both = {turned, s, turned_vt};
    struct factors left = {turned, s, vt};
    struct components got;
    components_distance(&got, &plain, &both, 64, 48);
    for (int i = 0; i < COMPONENTS; ++i) cr_expect(got.frobenius[i] == 0);

    // With one side negated Y = -X: D is twice the component, of rank one, so both norms agree.
    components_distance(&got, &plain, &left, 64, 48);
    for (int i = 0; i < COMPONENTS; ++i) {
        double want = 4 * got.scale[i];
        expect_close(&got.frobenius[i], &want, 1, 1e-14, 0);
        expect_close(&got.spectral[i], &want, 1, 1e-14, 0);
    }
    free(x);
}

Test(components, orthogonal_and_of_one_scale_are_at_relative_distance_two)
{
    // X = sum_i (5 - i) * e_i e_i^T; Y is the same in other rows and columns.
    enum { N = 10 };
    double x[N * N] = {0}, y[N * N] = {0}, relative[COMPONENTS];
    for (int i = 0; i < COMPONENTS; ++i) {
        x[i * N + i] = COMPONENTS - i;
        y[(i + COMPONENTS) * N + i + COMPONENTS] = COMPONENTS - i;
    }
    const double two[COMPONENTS] = {2, 2, 2, 2, 2}, one[COMPONENTS] = {1, 1, 1, 1, 1};
    struct components got;
    compare(&got, x, y, N, N);
    components_relative(relative, got.frobenius, got.scale);
    expect_close(relative, two, COMPONENTS, 1e-14, 0);
    components_relative(relative, got.spectral, got.scale);
    expect_close(relative, one, COMPONENTS, 1e-14, 0);
}

Test(components, relative_is_infinite_where_the_scale_is_nothing)
{
    const double distance[COMPONENTS] = {1, 0, 3, 0, 1e-300};
    const double scale[COMPONENTS] = {2, 0, 0, 5, 0};
    const double want[COMPONENTS] = {.5, 0, INFINITY, 0, INFINITY};
    double got[COMPONENTS];
    components_relative(got, distance, scale);
    for (int i = 0; i < COMPONENTS; ++i)
        cr_expect(got[i] == want[i], "component %d", i);
}

Test(components, noise_of_full_rank_alone_makes_distances_rise_with_the_component)
{
    // What the paper takes as a sign of low rank occurs at full rank: X has s_i = 2^-i for every i,
    // so rank 48, and Y is X plus independent noise that puts the first component at .003. To first
    // order noise of variance v moves component i by v * (m + n - 1) / s_i^2, four times more for
    // each next component. Medians of 40 draws are accurate to a tenth while distances are small;
    // for the last two, first order no longer holds.
    enum { M = 64, N = 48, DRAWS = 40 };
    static double x[MOST], y[MOST], u[MOST], s[SIDE], vt[MOST];
    static double relative[COMPONENTS][DRAWS], workspace[DRAWS];
    for (uint32_t draw = 0; draw < DRAWS; ++draw) {
        double *start = normal_make(MOST, 100 + draw),
               *noise = normal_make(MOST, 200 + draw);
        factors_make(u, s, vt, start, M, N);
        for (size_t i = 0; i < M; ++i)
            for (size_t j = 0; j < N; ++j) {
                double sum = 0;
                for (int k = 0; k < N; ++k)
                    sum += ldexp(u[i * N + (size_t)k], -k) * vt[(size_t)k * N + j];
                x[i * N + j] = sum;
                y[i * N + j] = sum + sqrt(.003 / (M + N - 1)) * noise[i * N + j];
            }
        struct components got;
        double row[COMPONENTS];
        compare(&got, x, y, M, N);
        components_relative(row, got.frobenius, got.scale);
        for (int i = 0; i < COMPONENTS; ++i) relative[i][draw] = row[i];
        free(start), free(noise);
    }
    double middle[COMPONENTS];
    const double want[] = {.003, .012, .048};
    for (int i = 0; i < COMPONENTS; ++i)
        middle[i] = median(relative[i], DRAWS, workspace);
    cr_expect(strictly_increasing(middle, COMPONENTS));
    expect_close(middle, want, 3, .1, 0);
    cr_expect(middle[4] > 100 * middle[0] && middle[4] < 2, "the fifth is at %g",
              middle[4]);
}

BREAKS(components, refuse_a_matrix_with_fewer_than_five, "r >= COMPONENTS")
{
    double x[64 * 4] = {0};
    struct components got;
    struct arena arena;
    arena_open_growing(&arena, "components test");
    (void)!components_compare(&got, x, x, 64, 4, &arena);
}
