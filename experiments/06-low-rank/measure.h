// What Assumption 4.1 and Remark 4.2 say about trained models, measured.
#ifndef MASKBOOK_LOW_RANK_MEASURE_H
#define MASKBOOK_LOW_RANK_MEASURE_H

#include "core/analysis/hidden_rows.h"
#include "core/study/experiment.h"

// The thresholds of numerical ranks are 1e-1 .. 1e-7; claims are judged by the first JUDGED.
enum { THRESHOLDS = 7, JUDGED = 4, OVERLAPS = 8 };

// Two matrices of each of n images, X0 and a reconstruction.
enum { TRUTH, PREDICTION, MATRICES };
struct profile {
    size_t images;
    double *effective[MATRICES];        // (n) effective ranks
    double *rank[MATRICES][THRESHOLDS]; // (n) numerical ranks
    double *overlap[OVERLAPS];          // (n) |u_i.u'_i| |v_i.v'_i|
    double *
        smallest; // (n) what Eq. 5's optimum loses: the share of |X0|^2 in its last component
    double *at_visible; // (n) what rank N = visible patches loses of X0, a number
    double *loss;       // (n) |g f(X) - X0|^2, a number
};

// Takes the columns from `arena` and fills them. Dies (EXIT_SYSTEM) when a decomposition does not
// converge.
void profile_fill(struct profile *profile, const struct hidden_rows *rows,
                  struct arena *arena);

// The predictors that are compared.
enum predictor { LEARNED, LINEAR, RANDOM, PREDICTORS };

// Judges Assumption 4.1 and Remark 4.2 by the profile of a trained model; those of the same model
// with initial weights and of the best linear predictor are its controls.
void profile_judge(struct study *study, const struct profile profile[PREDICTORS]);

// overlap (SPANS,n) = the mean squared cosine of the angles between the spans of the leading 2, 3
// and 5 eigenvectors of X0 X0^T and of its normalised form, pixels in [0,1], for the images whose
// degrees are all positive. Returns how many these are: the first columns of each row.
enum { SPANS = 3 };
size_t spans_measure(double *overlap, const struct hidden_rows *rows,
                     struct arena *arena);

// Judges section4.2.similar by overlap (SPANS,stride), its first `used` columns.
void spans_judge(struct study *study, const double *overlap, size_t stride,
                 size_t used);

// The numerical rank's threshold.
double profile_threshold(size_t i);

// Measures, judges and emits: the experiment's run.
void measure_ranks(struct study *study);

#endif
