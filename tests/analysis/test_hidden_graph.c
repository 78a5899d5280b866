#include <criterion/criterion.h>

#include "core/analysis/hidden_graph.h"
#include "tests/expect_close.h"

// Two images of two hidden patches of two numbers; of the second image one patch is black.
static double truth[] = {1, 0, 0, 1, -1, -1, 1, 0},
              prediction[] = {0, 0, 1, 1, 0, 0, 0, 0};
static const struct hidden_rows rows = {
    .images = 2, .rows = 2, .features = 2, .truth = truth, .prediction = prediction};

Test(hidden_graph, by_hand)
{
    struct arena arena;
    struct hidden_graph graph;
    arena_open_growing(&arena, "test");
    cr_assert_eq(hidden_graph_open(&graph, &rows, 0, &arena), 0);
    // x = (1, 1/2), (1/2, 1): weights 5/4, 1 / 1, 5/4, so that both degrees are 9/4.
    const double x[] = {1, .5, .5, 1};
    const double factor[] = {1 / 1.5, .5 / 1.5, .5 / 1.5, 1 / 1.5},
                 predicted[] = {.5 / 1.5, .5 / 1.5, 1 / 1.5, 1 / 1.5},
                 degrees[] = {2.25, 2.25};
    expect_close(graph.x, x, 4, 0, 0);
    expect_close(graph.degrees, degrees, 2, 1e-15, 0);
    expect_close(graph.factor, factor, 4, 1e-15, 0);
    expect_close(graph.predicted, predicted, 4, 1e-15, 0);
    arena_close(&arena);
}

Test(hidden_graph, black_patch_has_no_degree)
{
    struct arena arena;
    struct hidden_graph graph;
    arena_open_growing(&arena, "test");
    cr_assert_eq(hidden_graph_open(&graph, &rows, 1, &arena), 1);
    cr_expect_eq(graph.degrees[0], 0);
    arena_close(&arena);
}
