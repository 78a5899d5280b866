/// The linear probe without a recipe: solved until the gradient of its unregularised loss vanishes
/// (core/analysis/softmax_regression.h).
#ifndef MASKBOOK_ANALYSIS_SOLVED_PROBE_H
#define MASKBOOK_ANALYSIS_SOLVED_PROBE_H

#include "core/analysis/probe.h"
#include "core/analysis/softmax_regression.h"

/// answers (test->features.images) of the linear probe that is solved on row `row` of the features
/// of `train`, in double. With `batch_norm` the columns are first standardised by the training
/// set's own mean and variance (epsilon as in core/analysis/batch_norm.h), which no solution can
/// tell. Memory: both sets in double; dies (EXIT_SYSTEM) when it is refused.
struct softmax_solution solved_probe_fit(uint16_t *answers, size_t classes,
                                         int batch_norm, size_t row,
                                         const struct probe_set *train,
                                         const struct probe_set *test,
                                         const struct lbfgs_settings *settings);

#endif
