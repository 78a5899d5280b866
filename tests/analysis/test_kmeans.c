#include "core/analysis/kmeans.h"

#include "core/analysis/partition.h"
#include "core/base/npy.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>

// Widths that are no multiple of the lanes, one cluster, as many clusters as points, one column.
static const struct kmeans_shape shapes[] = {
    {64, 48, 4}, {64, 192, 3}, {30, 3, 4}, {17, 11, 2},
    {9, 1, 3},   {12, 9, 1},   {7, 5, 7},
};
enum { SHAPES = sizeof shapes / sizeof *shapes, MOST = 64 * 192, POINTS = 64 };

static double points[MOST], centres[MOST];
static uint8_t labels[POINTS];
static struct arena arena; // scratch, which every function frees

static void start(void)
{
    arena_open_growing(&arena, "k-means test");
}

static void finish(void)
{
    cr_expect_eq(arena_mark(&arena), 0);
    arena_close(&arena);
}

TestSuite(kmeans, .init = start, .fini = finish);

// points (n,D) = k overlapping clouds from the stream `number`.
static void points_draw(const struct kmeans_shape *shape, uint32_t number)
{
    struct rng rng = rng_open(21, PURPOSE_TEST, 0, number);
    for (size_t i = 0; i < shape->points; ++i)
        for (size_t d = 0; d < shape->width; ++d)
            points[i * shape->width + d] =
                rng_normal(&rng) + 2 * (double)((i + d) % shape->clusters);
}

// The inertia of a partition into k parts, from the definition.
static double inertia_of(const uint8_t *parts, const struct kmeans_shape *shape)
{
    double sum = 0;
    for (size_t c = 0; c < shape->clusters; ++c)
        for (size_t d = 0; d < shape->width; ++d) {
            double mean = 0, square = 0, size = 0;
            for (size_t i = 0; i < shape->points; ++i)
                if (parts[i] == c) mean += points[i * shape->width + d], ++size;
            mean /= size > 0 ? size : 1;
            for (size_t i = 0; i < shape->points; ++i) {
                double x = points[i * shape->width + d] - mean;
                if (parts[i] == c) square += x * x;
            }
            sum += square;
        }
    return sum;
}

static int same_labels(const uint8_t *got, const char *want, size_t n)
{
    for (size_t i = 0; i < n; ++i)
        if (got[i] != want[i] - '0') return 0;
    return 1;
}

// ====== Against another program ======

// 30 points of whole numbers, drawn once.
static const signed char integers[90] = {
    3,  6, -9, 6,  -1, 0,  2,  -4, 9,  -8, -4, -2, 1,  -2, -7, -9, -9, -9,
    -7, 9, -6, 3,  5,  -5, -4, -1, -4, 9,  -6, 8,  6,  7,  -7, -2, 2,  0,
    3,  3, 3,  -8, 9,  1,  8,  -4, -3, 7,  -6, -8, -2, 3,  -7, 7,  -3, -5,
    1,  8, 7,  7,  -4, -9, 5,  4,  5,  -9, -9, 0,  -3, -1, 8,  -6, 1,  -3,
    -4, 6, -7, -3, -7, -7, -4, 4,  2,  -1, -6, 6,  6,  -5, -8, -3, -7, 6};
static const struct kmeans_shape golden = {30, 3, 4};

static void golden_load(void)
{
    for (int i = 0; i < 90; ++i) points[i] = integers[i];
}

Test(kmeans, lloyd_equals_that_of_scikit_learn)
{
    // scikit-learn 1.2.1: KMeans(4, init=X[:4], n_init=1, tol=0, algorithm="lloyd").
    const double want[12] = {-0.16666667, 6,           -6.83333333, 6,
                             -3.57142857, -5.71428571, 1.625,       -1.125,
                             6.5,         -5.88888889, -1.55555556, -2.44444444};
    golden_load();
    memcpy(centres, points, 12 * sizeof *centres);
    double got = kmeans_lloyd(labels, centres, points, &golden, 300, &arena);
    double inertia = 1102.892857142857;
    expect_close(&got, &inertia, 1, 1e-14, 0);
    expect_close(centres, want, 12, 0, 1e-8);
    cr_expect(same_labels(labels, "012313003203231101212323033212", 30));
}

Test(kmeans, finds_the_best_that_scikit_learn_found_in_500_starts)
{
    golden_load();
    double got = kmeans_fit(labels, points, &golden, 100, 1, 0, &arena);
    double want = 1007.4;
    expect_close(&got, &want, 1, 1e-13, 0);
}

Test(kmeans, finds_the_best_of_all_partitions)
{
    // 9 points, 3 clusters: 3^9 maps.
    const struct kmeans_shape shape = {9, 2, 3};
    for (uint32_t draw = 0; draw < 10; ++draw) {
        points_draw(&shape, draw);
        double best = INFINITY;
        for (int code = 0; code < 19683; ++code) {
            uint8_t parts[9];
            for (int i = 0, rest = code; i < 9; ++i, rest /= 3)
                parts[i] = (uint8_t)(rest % 3);
            double sum = inertia_of(parts, &shape);
            if (sum < best) best = sum;
        }
        double got = kmeans_fit(labels, points, &shape, 50, 3, draw, &arena);
        expect_close(&got, &best, 1, 1e-13, 0);
    }
}

Test(kmeans, reaches_the_inertia_that_scikit_learn_reaches_from_its_own_starts)
{
    // tests/golden/make_kmeans_golden.py: patches of pictures; the means of many runs of either
    // program differ by chance alone. Starts of one candidate end 1.1 % higher.
    struct npy pictures, clusters, inertia;
    npy_read(&pictures, "tests/golden/kmeans/points.npy");
    npy_read(&clusters, "tests/golden/kmeans/clusters.npy");
    npy_read(&inertia, "tests/golden/kmeans/inertia.npy");
    const size_t n = pictures.shape[1], width = pictures.shape[2];
    const double *reference = inertia.data;
    double ratio = 0;
    for (size_t p = 0; p < pictures.shape[0]; ++p) {
        const struct kmeans_shape shape = {n, width,
                                           ((const uint8_t *)clusters.data)[p]};
        for (size_t i = 0; i < n * width; ++i)
            points[i] = ((const uint8_t *)pictures.data)[p * n * width + i];
        for (uint64_t seed = 0; seed < 10; ++seed)
            ratio += kmeans_fit(labels, points, &shape, 10, seed, (uint32_t)p, &arena) /
                     reference[p] / (10 * (double)pictures.shape[0]);
    }
    cr_expect(ratio < 1.002, "%.9g of scikit-learn's", ratio);
    npy_free(&pictures);
    npy_free(&clusters);
    npy_free(&inertia);
}

// ====== Properties ======

ParameterizedTestParameters(kmeans, inertia_is_that_of_the_labels_and_never_rises)
{
    static int numbers[SHAPES];
    for (int i = 0; i < SHAPES; ++i) numbers[i] = i;
    return cr_make_param_array(int, numbers, SHAPES);
}

ParameterizedTest(int *number, kmeans, inertia_is_that_of_the_labels_and_never_rises,
                  .init = start, .fini = finish)
{
    const struct kmeans_shape *shape = &shapes[*number];
    for (uint32_t draw = 0; draw < 20; ++draw) {
        points_draw(shape, draw);
        // Bad starts: the first points, some of them moved far away, so that clusters become empty.
        for (size_t i = 0; i < shape->clusters * shape->width; ++i)
            centres[i] = points[i] + 50. * (double)(draw % 3 == 1 && i % 2);
        double before = INFINITY, rounding = 0;
        for (int round = 0; round < 30; ++round) {
            double now = kmeans_lloyd(labels, centres, points, shape, 1, &arena);
            cr_expect(now <= before + rounding, "round %d: %g after %g", round, now,
                      before);
            double want = inertia_of(labels, shape);
            rounding = 1e-13 * want;
            expect_close(&now, &want, 1, 1e-12, 1e-12);
            before = now;
        }
        double all =
            kmeans_lloyd(labels, centres, points, shape, KMEANS_ROUNDS, &arena);
        cr_expect(all <= before + rounding);
    }
}

Test(kmeans, the_end_is_where_no_point_is_nearer_to_another_mean)
{
    for (int s = 0; s < SHAPES; ++s) {
        const struct kmeans_shape *shape = &shapes[s];
        points_draw(shape, 7);
        struct rng rng = rng_open(4, PURPOSE_TEST, 0, 0);
        kmeans_start(centres, points, shape, &rng, &arena);
        kmeans_lloyd(labels, centres, points, shape, KMEANS_ROUNDS, &arena);
        for (size_t i = 0; i < shape->points; ++i) {
            double distance[8] = {0};
            for (size_t c = 0; c < shape->clusters; ++c)
                for (size_t d = 0; d < shape->width; ++d) {
                    double x =
                        points[i * shape->width + d] - centres[c * shape->width + d];
                    distance[c] += x * x;
                }
            for (size_t c = 0; c < shape->clusters; ++c)
                cr_expect(distance[labels[i]] <= distance[c] * (1 + 1e-12),
                          "shape %d, point %zu, cluster %zu", s, i, c);
        }
    }
}

Test(kmeans, one_cluster_is_the_mean_and_one_a_point_is_nothing)
{
    const struct kmeans_shape whole = {12, 9, 1}, each = {7, 5, 7};
    points_draw(&whole, 1);
    memset(labels, 0, sizeof labels);
    double got = kmeans_fit(labels, points, &whole, 1, 1, 0, &arena);
    double want = inertia_of(labels, &whole);
    expect_close(&got, &want, 1, 1e-13, 0);
    points_draw(&each, 1);
    cr_expect(kmeans_fit(labels, points, &each, 1, 1, 0, &arena) == 0);
    cr_expect(same_labels(labels, "0123456", 7));
}

Test(kmeans, clusters_that_lie_apart_are_found)
{
    const struct kmeans_shape shape = {64, 48, 4};
    uint8_t truth[64];
    struct rng rng = rng_open(8, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < 64; ++i) {
        truth[i] = (uint8_t)rng_below(&rng, 4);
        for (size_t d = 0; d < 48; ++d)
            points[i * 48 + d] = rng_normal(&rng) + 5 * (d % 4 == truth[i]);
    }
    kmeans_fit(labels, points, &shape, 10, 1, 0, &arena);
    cr_expect(partition_ari(truth, labels, 64) == 1);
}

Test(kmeans, fewer_different_points_than_clusters_leave_some_empty)
{
    const struct kmeans_shape shape = {12, 3, 4};
    for (size_t i = 0; i < 12; ++i)
        for (size_t d = 0; d < 3; ++d) points[i * 3 + d] = (double)(i % 2 * (d + 1));
    cr_expect(kmeans_fit(labels, points, &shape, 5, 1, 0, &arena) == 0);
    cr_expect(same_labels(labels, "010101010101", 12));
}

Test(kmeans, an_empty_cluster_gets_the_farthest_point_of_one_of_several)
{
    // Centres 0 and 100. The point at 100 is alone in its cluster, so the point at 9 is moved.
    const struct kmeans_shape shape = {4, 1, 3};
    memcpy(points, (const double[]){0, 1, 9, 130}, 4 * sizeof *points);
    memcpy(centres, (const double[]){0, 100, -50}, 3 * sizeof *centres);
    double got = kmeans_lloyd(labels, centres, points, &shape, 1, &arena);
    cr_expect(same_labels(labels, "0021", 4));
    cr_expect(centres[0] == .5 && centres[1] == 130 && centres[2] == 9);
    cr_expect(got == .5);
}

// ====== Starts ======

Test(kmeans, starts_are_the_best_of_two_drawn_by_squared_distance)
{
    // Points 0, 1, 3 on a line. After 0, each of the two candidates is 1 or 3 as 1 : 9, and 3
    // leaves less: 1 comes when both are 1. After 1, 0 comes when both are 0, as 1 : 4 each. After
    // 3, where 0 and 1 leave the same, the first candidate comes, 0 or 1 as 9 : 4. 30,000 draws;
    // the standard error of a share is below .005.
    enum { DRAWS = 30000 };
    const struct kmeans_shape shape = {3, 1, 2};
    const double line[] = {0, 1, 3};
    const double want[3][3] = {{0, .01, .99}, {.04, 0, .96}, {9. / 13, 4. / 13, 0}};
    double count[3][3] = {{0}}, first[3] = {0};
    for (uint32_t draw = 0; draw < DRAWS; ++draw) {
        struct rng rng = rng_open(2, PURPOSE_CLUSTER, 0, draw);
        int at[2];
        kmeans_start(centres, line, &shape, &rng, &arena);
        for (int c = 0; c < 2; ++c) at[c] = (centres[c] > .5) + (centres[c] > 2);
        ++count[at[0]][at[1]];
        ++first[at[0]];
    }
    for (int i = 0; i < 3; ++i) {
        cr_expect(fabs(first[i] / DRAWS - 1. / 3) < .012, "first %d: %g", i, first[i]);
        for (int j = 0; j < 3; ++j)
            cr_expect(fabs(count[i][j] / first[i] - want[i][j]) < .015, "%d, %d: %g", i,
                      j, count[i][j] / first[i]);
    }
}

Test(kmeans, every_start_is_a_point_and_none_comes_twice)
{
    const struct kmeans_shape shape = {9, 1, 9};
    for (uint32_t draw = 0; draw < 50; ++draw) {
        int seen[9] = {0};
        for (int i = 0; i < 9; ++i) points[i] = i;
        struct rng rng = rng_open(2, PURPOSE_CLUSTER, 1, draw);
        kmeans_start(centres, points, &shape, &rng, &arena);
        for (int c = 0; c < 9; ++c) ++seen[(int)centres[c]];
        for (int i = 0; i < 9; ++i) cr_expect_eq(seen[i], 1);
    }
}

Test(kmeans, the_seed_decides_and_more_restarts_never_do_worse)
{
    const struct kmeans_shape shape = {64, 48, 4};
    uint8_t other[POINTS];
    int different = 0;
    points_draw(&shape, 5);
    double few = kmeans_fit(labels, points, &shape, 1, 1, 7, &arena);
    cr_expect(kmeans_fit(other, points, &shape, 1, 1, 7, &arena) == few);
    cr_expect_eq(memcmp(labels, other, POINTS), 0);
    for (uint32_t index = 8; index < 20; ++index)
        different += kmeans_fit(other, points, &shape, 1, 1, index, &arena) != few;
    cr_expect(different > 0, "twelve other streams start alike");
    for (size_t restarts = 2; restarts < 20; ++restarts) {
        double more = kmeans_fit(other, points, &shape, restarts, 1, 7, &arena);
        cr_expect(more <= few);
        few = more;
    }
}

Test(kmeans, clusters_are_numbered_by_their_first_point)
{
    const struct kmeans_shape shape = {64, 48, 4};
    for (uint32_t draw = 0; draw < 10; ++draw) {
        points_draw(&shape, draw);
        kmeans_fit(labels, points, &shape, 3, 1, draw, &arena);
        int next = 0;
        for (int i = 0; i < POINTS; ++i) {
            cr_expect(labels[i] <= next, "point %d has label %d", i, labels[i]);
            if (labels[i] == next) ++next;
        }
        cr_expect_eq(next, 4);
    }
}

// ====== Contracts ======

BREAKS(kmeans, refuses_more_clusters_than_points, "k > 0 && k <= n")
{
    const struct kmeans_shape shape = {3, 1, 4};
    kmeans_fit(labels, points, &shape, 1, 1, 0, &arena);
}

BREAKS(kmeans, refuses_a_point_that_is_not_finite, "isfinite(least)")
{
    points_draw(&golden, 1);
    points[17] = NAN;
    kmeans_fit(labels, points, &golden, 1, 1, 0, &arena);
}
