/// What Figure 2 leaves behind: its numbers as results, tables, picture and arrays.
#ifndef MASKBOOK_EXPERIMENTS_RANK_CURVES_EMIT_H
#define MASKBOOK_EXPERIMENTS_RANK_CURVES_EMIT_H

#include "core/analysis/rank_curves.h"
#include "core/model/weights.h"
#include "core/report/run.h"

enum { ARMS = 5, SCALE_TEXT = 128 };

/// One pretraining, at its own mask ratio, and its rival.
struct arm {
    const char *name;
    double ratio;
    struct weights model;
    struct rank_samples learned, linear;
    struct rank_curve curve, linear_curve;
    struct estimate gap[2][COMPONENTS]; ///< linear minus learned, same images
    struct estimate loss, linear_loss;  ///< masked loss, same images
};

/// scale (SCALE_TEXT) = how much training stands behind the numbers, in the weights' own words; the least
/// and the most where the arms (ARMS) differ.
void describe_scale(char scale[SCALE_TEXT], const struct arm *arms);

/// Every line of every arm and the masked losses side by side: result.tsv, stdout, curves.md, losses.md.
void emit_tables(struct run *run, const struct arm *arms);

/// figure2.tsv and the picture drawn from it; the caption states the scale.
void emit_figure(const struct run *run, const struct arm *arms);

/// The distances of every image, (images,5) float64, from which anyone can redraw the figure:
/// export/RUN.npy, export/RUN-linear.npy.
void export_arrays(const struct run *run, const struct arm *arms);

#endif
