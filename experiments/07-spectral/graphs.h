// Which graph? The paper's joins patches of one image whose pixels are alike; another one joins
// patches that lie next to one another over the data set. Both, without a network, against the
// tokens of a trained model: who finds the true regions of planted scenes. These are made to tell
// the two apart: the two tiles that alternate in a region are drawn independently, so that patches
// of one region occur together without being alike. On images where regions are of one colour
// similarity of pixels would do better.
#ifndef MASKBOOK_SPECTRAL_GRAPHS_H
#define MASKBOOK_SPECTRAL_GRAPHS_H

#include "core/analysis/cooccurrence.h"
#include "core/study/experiment.h"

// What is clustered: tokens, features of co-occurrence, the k leading eigenvectors of the paper's
// graph in four forms, and the patches themselves.
enum view {
    VIEW_MAE,
    VIEW_COOCCURRENCE,
    VIEW_PRODUCT_SIGNED, // w_ij = <x_i, x_j>, pixels in [-1,1]; not defined for some scenes
    VIEW_PRODUCT_UNIT, // pixels in [0,1]
    VIEW_KERNEL_SIGNED, // exp(w_ij / (2 sigma^2)), sigma^2 the mean squared norm of a patch
    VIEW_KERNEL_UNIT,
    VIEW_PATCHES,
    VIEW_COMPONENTS, // co-occurrence, the components of largest modulus
    VIEWS
};

struct graphs {
    size_t scenes, tokens;                        // n, T
    struct cooccurrence cooccurrence, components; // in descending order, and by modulus
    double *ari[VIEWS];   // (n) with the true regions, K-means with their number
    uint8_t *defined;     // (n) whether all degrees of VIEW_PRODUCT_SIGNED are positive
    uint8_t *truth;       // (n,T) regions
    uint8_t *clusters;    // (n) their number
    uint8_t *maps[VIEWS]; // (n,T)
};

// matrix (T,T) = the normalised adjacency of one form of the paper's graph on the patches (T,F), in
// [-1,1]. Returns 0 where some degree is not positive, and the matrix is then unspecified.
int paper_graph(double *matrix, enum view view, const double *patches, size_t tokens,
                size_t features, struct arena *arena);

// Judges theorem4.3.graph and theorem4.3.graph.cooccurrence by the leads over the paper's graph,
// of tokens also over patches. Of scenes where a form is not defined there is no lead over it.
void graphs_verdicts(struct study *study, const struct graphs *graphs);

// Clusters, judges, draws figure graphs; where regions are not known both claims are NOT-RUN.
void graphs_judge(struct study *study);

#endif
