/// Figure 2's results: numbers, tables, picture and arrays.
#ifndef MASKBOOK_EXPERIMENTS_RANK_CURVES_EMIT_H
#define MASKBOOK_EXPERIMENTS_RANK_CURVES_EMIT_H

#include "core/analysis/rank_curves.h"
#include "core/study/experiment.h"

enum { ARMS = 5 };
/// The model; the best linear predictor, from the same visible patches; and that predictor where
/// patches have the other side, 2 for 4 and 4 for 2. A curve more: the model over those images that
/// its rivals see.
enum { LEARNED, LINEAR, OTHER_SIDE, PREDICTORS, LEARNED_SHARED = PREDICTORS, CURVES };

/// One pretraining, at its own mask ratio, and its rivals.
struct arm {
    const char *name; ///< "m50-h3"
    double ratio;
    int side[PREDICTORS]; ///< of patches
    struct rank_samples samples[PREDICTORS];
    struct rank_curve curve[CURVES];
    struct estimate gap[2][COMPONENTS]; ///< linear minus learned, same images
    struct estimate loss[2]; ///< masked loss, learned and linear, same images
    struct estimate
        rank[1 + PREDICTORS]; ///< effective: original, then each reconstruction
};

/// Every line of every arm, masked losses, slopes and effective ranks: result.tsv, stdout,
/// curves.md, losses.md, slopes.md. arms (ARMS), here and below
void emit_curves(struct run *run, const struct arm *arms);

/// figure2.tsv and the picture drawn from it; the caption says how much the models were trained.
void emit_figure2(struct study *study, const struct arm *arms);

/// The distances of every image, (images,5) float64, from which anyone can redraw the figure:
/// export/RUN.npy, export/RUN-linear.npy, export/RUN-linear-other.npy.
void export_distances(struct study *study, const struct arm *arms);

#endif
