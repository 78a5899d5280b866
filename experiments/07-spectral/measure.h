// What is measured for Theorem 4.3: the bound and the repaired identity along a training, degrees
// by the scaling of pixels, what a rotation of each image does to a classifier, Eq. 10 by sampling.
#ifndef MASKBOOK_SPECTRAL_MEASURE_H
#define MASKBOOK_SPECTRAL_MEASURE_H

#include "core/analysis/contrastive.h"
#include "core/analysis/hidden_rows.h"
#include "core/study/experiment.h"

// One state of a model: the terms of the bound on n images, as columns, and both sides of the
// repaired theorem.
struct checkpoint {
    double updates;
    size_t images;    // n: those whose degrees are all positive, pixels in [0,1]
    double *error;    // (n) |M - N|^2
    double *spectral; // (n) L_spec
    double *bound;    // (n) C |M - N|^2
    double *constant; // (n) L_spec of a constant embedding, M_i = sqrt(d_i / sum d)
    double *grey;     // (n) of the prediction 1/2 for every pixel
    struct contrastive contrastive;
    size_t features;           // q, of the repaired theorem
    double loss;               // masked, of the pixels of those tokens, in [-1,1]
    double residual, rounding; // of the repaired identity, relative
};

// Measures a model's rows. M = D^{-1/2} g f(X) with the true D, as a decoder that knew it would
// give. weights (mae->parameters.count); pairs: so many hidden tokens enter the repaired theorem.
void checkpoint_measure(struct checkpoint *checkpoint, const struct hidden_rows *rows,
                        const struct mae *mae, const real *weights, size_t pairs,
                        struct arena *arena);

// The first `count` hidden tokens of a model as pairs: f = (decoder's token, 1), phi = (pixels, 1)
// and G the pixel head. Arrays are taken from `arena`.
struct contrastive_pairs model_pairs(const struct hidden_rows *rows,
                                     const struct mae *mae, const real *weights,
                                     size_t count, struct arena *arena);

// How pixels are scaled before the graph is made.
enum scaling { SCALING_SIGNED, SCALING_UNIT, SCALING_PATCH, SCALINGS };

// images (n) = 1 where some degree is not positive; returns the share of such patches.
double degrees_measure(double *images, const struct hidden_rows *rows,
                       enum scaling scaling, struct arena *arena);

// Judges theorem4.3.degrees.share, theorem4.3.training and theorem4.3.repaired.trained by what was
// measured: images (n), the first and the last checkpoint, and the given model's.
void judge_degrees(struct study *study, const double *images, size_t n);
void judge_training(struct study *study, const struct checkpoint *first,
                    const struct checkpoint *last);
void judge_repaired(struct study *study, const struct checkpoint *given);

// The experiment's run.
void measure_spectral(struct study *study);

#endif
