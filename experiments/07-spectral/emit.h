// Tables, the figure and exported arrays of Theorem 4.3.
#ifndef MASKBOOK_SPECTRAL_EMIT_H
#define MASKBOOK_SPECTRAL_EMIT_H

#include "core/analysis/pair_losses.h"
#include "core/analysis/rotated_probe.h"
#include "experiments/07-spectral/images.h"
#include "experiments/07-spectral/measure.h"

enum { CHECKPOINTS = 9 };

// The checkpoints of a training and the given model: training.md, repaired.md and the figure.
void emit_training(struct study *study, const struct checkpoint *checkpoint,
                   const struct checkpoint *given);

// Of one scaling: the share of images with some degree that is not positive, and of such patches.
struct degrees_row {
    struct estimate images;
    double patches;
};
void emit_degrees(struct study *study, const struct degrees_row row[SCALINGS]);

// The median of each row of values (FOUNDS,stride), its first `count` columns.
void emit_images(struct study *study, const double *values, size_t stride,
                 size_t count);

// Of one way to turn N: percent right, percent answered as on N, the largest spectral loss.
struct downstream_row {
    struct estimate accuracy;
    double agrees, loss;
};
void emit_downstream(struct study *study, const struct downstream_row row[ROTATED_WAYS],
                     size_t trained);

// Eqs. 9 and 10 on one test image: sums, and expectations from samples.
void emit_pairs(struct study *study, const struct pair_losses *loss,
                const struct pair_samples *samples, size_t image);

// export/pairs-m.npy, pairs-x.npy (n,F); export/repaired-target, -trunk, -head.
void export_pairs(struct study *study, const double *m, const double *x, size_t n,
                  size_t width);
void export_repaired(struct study *study, const struct contrastive_pairs *pairs);

#endif
