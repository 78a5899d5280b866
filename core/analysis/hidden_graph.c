#include "core/analysis/hidden_graph.h"

#include "core/analysis/token_graph.h"

size_t hidden_graph_open(struct hidden_graph *graph, const struct hidden_rows *rows,
                         size_t image, struct arena *arena)
{
    const size_t n = rows->rows, f = rows->features;
    const double *truth = hidden_truth(rows, image),
                 *prediction = hidden_prediction(rows, image);
    *graph = (struct hidden_graph){.n = n,
                                   .width = f,
                                   .x = arena_doubles(arena, n * f),
                                   .degrees = arena_doubles(arena, n),
                                   .factor = arena_doubles(arena, n * f),
                                   .predicted = arena_doubles(arena, n * f)};
    for (size_t i = 0; i < n * f; ++i) {
        graph->x[i] = (truth[i] + 1) / 2;
        graph->predicted[i] = (prediction[i] + 1) / 2;
    }
    const size_t others = graph_degrees(graph->degrees, graph->x, n, f, arena);
    if (others > 0) return others;
    graph_factor(graph->factor, graph->x, graph->degrees, n, f);
    graph_factor(graph->predicted, graph->predicted, graph->degrees, n, f);
    return 0;
}
