#include "core/analysis/token_graph.h"

#include <criterion/criterion.h>
#include <math.h>

#include "core/base/rng.h"
#include "core/linalg/frobenius.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

static struct arena arena;

static void open_arena(void)
{
    arena_open_growing(&arena, "test");
}

static void close_arena(void)
{
    arena_close(&arena);
}

TestSuite(token_graph, .init = open_arena, .fini = close_arena);

static double *normals(size_t count, uint32_t index)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, index);
    double *numbers = arena_doubles(&arena, count);
    for (size_t i = 0; i < count; ++i) numbers[i] = rng_normal(&rng);
    return numbers;
}

// Tokens e1, e1, 2 e2: weights 1 1 0 / 1 1 0 / 0 0 4.
Test(token_graph, degrees_are_sums_of_weights)
{
    const double x[] = {1, 0, 1, 0, 0, 2}, expected[] = {2, 2, 4},
                 opposed[] = {1, 0, -3, 0};
    double degrees[3];
    cr_expect_eq(graph_degrees(degrees, x, 3, 2, &arena), 0);
    expect_close(degrees, expected, 3, 0, 0);
    cr_expect_eq(graph_degrees(degrees, opposed, 2, 2, &arena), 1, "1 - 3 < 0 < 9 - 3");
}

// The square root of the degrees is the eigenvector of eigenvalue 1.
Test(token_graph, the_factor_is_that_of_the_normalised_adjacency)
{
    enum { N = 7, F = 3 };
    double *x = normals(N * F, 1), degrees[N], root[N], image[N], adjacency[N * N],
           *factor = arena_doubles(&arena, N * F);
    for (size_t i = 0; i < N * F; ++i) x[i] = fabs(x[i]);
    cr_assert_eq(graph_degrees(degrees, x, N, F, &arena), 0);
    graph_factor(factor, x, degrees, N, F);
    row_products(adjacency, factor, N, factor, N, F);
    for (size_t i = 0; i < N; ++i) root[i] = sqrt(degrees[i]);
    for (size_t i = 0; i < N; ++i) image[i] = inner_product(adjacency + i * N, root, N);
    expect_close(image, root, N, 1e-13, 0);
}

BREAKS(token_graph, a_degree_of_zero_has_no_factor, "degrees[i] > 0")
{
    const double x[] = {0, 1}, degrees[] = {0, 1};
    double factor[2];
    graph_factor(factor, x, degrees, 2, 1);
}

// M = (1,0)^T, N = (0,2)^T: M M^T - N N^T = diag(1, -4).
Test(token_graph, the_bound_has_the_terms_of_the_proof)
{
    const double m[] = {1, 0}, factor[] = {0, 2}, expected[] = {5, 17, 25};
    const struct spectral_bound bound = spectral_bound(m, factor, 2, 1, &arena);
    const double found[] = {bound.error, bound.spectral, bound.printed};
    expect_close(found, expected, 3, 1e-14, 0);
    cr_expect_float_eq(bound.constant, pow(4 + sqrt(5), 2), 1e-12);
    cr_expect_float_eq(spectral_loss(m, factor, 2, 1, &arena), 17, 1e-12);
}

Test(token_graph, a_rotation_changes_rows_and_no_product_of_them)
{
    enum { N = 9, F = 4 };
    const double *x = normals(N * F, 2);
    double *turned = arena_doubles(&arena, N * F);
    rows_rotate(turned, x, N, F, normals(F * F, 3), &arena);
    cr_expect_gt(squared_distance(turned, x, N * F), 1);
    cr_expect_lt(spectral_loss(turned, x, N, F, &arena), 1e-24);
    cr_expect_lt(rotation_distance(turned, x, N, F, &arena), 1e-24,
                 "the rotation is undone");
}

// No rotation brings two matrices nearer than the nearest one does.
Test(token_graph, the_distance_up_to_rotation_is_the_least)
{
    enum { N = 6, F = 3 };
    const double *m = normals(N * F, 4), *factor = normals(N * F, 5);
    const double least = rotation_distance(m, factor, N, F, &arena);
    double *turned = arena_doubles(&arena, N * F);
    cr_expect_lt(least, squared_distance(m, factor, N * F));
    for (uint32_t trial = 0; trial < 50; ++trial) {
        rows_rotate(turned, factor, N, F, normals(F * F, 10 + trial), &arena);
        cr_expect_geq(squared_distance(m, turned, N * F), least);
    }
}
