/// The graph of Theorem 4.3 on the hidden patches of one image, and a model's prediction on it.
#ifndef MASKBOOK_ANALYSIS_HIDDEN_GRAPH_H
#define MASKBOOK_ANALYSIS_HIDDEN_GRAPH_H

#include "core/analysis/hidden_rows.h"

/// One image's graph, in the arena that opened it; n hidden patches of F numbers.
struct hidden_graph {
    size_t n, width;   ///< n, F
    double *x;         ///< (n,F) patches in [0,1], so that no weight is negative
    double *degrees;   ///< (n) of x x^T, all positive
    double *factor;    ///< (n,F) N = D^{-1/2} x
    double *predicted; ///< (n,F) M = D^{-1/2} g f(X), by the true D; pixels as of x
};

/// Fills `graph` from image number `image` of `rows`, whose pixels are in [-1,1]. Returns how many
/// degrees are not positive (a black patch has none): unless that is 0, factor and predicted are
/// unspecified. Cost 6 n F.
size_t hidden_graph_open(struct hidden_graph *graph, const struct hidden_rows *rows,
                         size_t image, struct arena *arena)
    __attribute__((warn_unused_result));

#endif
