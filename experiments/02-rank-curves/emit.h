/// Figure 2's results: numbers, tables, picture and arrays.
#ifndef MASKBOOK_EXPERIMENTS_RANK_CURVES_EMIT_H
#define MASKBOOK_EXPERIMENTS_RANK_CURVES_EMIT_H

#include "core/analysis/rank_curves.h"
#include "core/study/experiment.h"

enum { ARMS = 5 };
enum { LEARNED, LINEAR, PREDICTORS }; ///< the model, and the best linear predictor

/// One pretraining, at its own mask ratio, and its rival.
struct arm {
    const char *name; ///< "m50-h3"
    double ratio;
    struct rank_samples samples[PREDICTORS];
    struct rank_curve curve[PREDICTORS];
    struct estimate gap[2][COMPONENTS]; ///< linear minus learned, same images
    struct estimate loss[PREDICTORS];   ///< masked loss, same images
};

/// Every line of every arm and the masked losses side by side: result.tsv, stdout, curves.md,
/// losses.md. arms (ARMS), here and below
void emit_curves(struct run *run, const struct arm *arms);

/// figure2.tsv and the picture drawn from it; the caption says how much the models were trained.
void emit_figure2(struct study *study, const struct arm *arms);

/// The distances of every image, (images,5) float64, from which anyone can redraw the figure:
/// export/RUN.npy, export/RUN-linear.npy.
void export_distances(struct study *study, const struct arm *arms);

#endif
