/// A grid of probes on the same images: each trained by the recipe at its rate, or at the best of
/// several rates on training images held out, or solved until its gradient vanishes.
#ifndef MASKBOOK_ANALYSIS_PROBE_GRID_H
#define MASKBOOK_ANALYSIS_PROBE_GRID_H

#include "core/analysis/lars_probe.h"
#include "core/analysis/solved_probe.h"
#include "core/data/images.h"
#include "core/stats/accuracy.h"

/// How a learning rate comes about.
enum rate_choice {
    RATE_RECIPE, ///< the recipe's
    RATE_CHOSEN, ///< the best on training images held out
    RATE_NONE    ///< no steps: solved to convergence
};

/// Rates that may be tried for RATE_CHOSEN: the recipe's, of LARS the base rate, times 1, 4, 16,
/// 64, 256, 1024.
enum { GRID_RATES = 6 };
extern const double grid_rate_factor[GRID_RATES];

/// A probe of the grid.
struct grid_probe {
    const char *key, *label; ///< of results and tables
    int features;            ///< which features it sees, by the caller's own numbers
    int batch_norm;
    enum rate_choice choice;
    struct adapter adapter; ///< of RATE_NONE adapter_none
    size_t cost;            ///< of an epoch, in epochs of a linear probe
    size_t rates;           ///< tried with RATE_CHOSEN, from the least; <= GRID_RATES
    double
        search; ///< of RATE_CHOSEN: share of the epochs after which rates are compared
    /// NULL: AdamW, by PROBE_RECIPE. Else this recipe of LARS, which knows no adapter but
    /// adapter_none, and whose epochs are shortened as AdamW's are.
    const struct lars_recipe *lars;

    /// What the grid finds.
    double rate;                      ///< used; NAN for RATE_NONE
    double held_out[GRID_RATES];      ///< share of held-out images right, by each rate
    struct answers answers;           ///< to the test images
    struct batch_norm_fusion fusion;  ///< of the first seed, with batch_norm and a rate
    struct softmax_solution solution; ///< of RATE_NONE
};

/// One split as a probe sees it in the training of seed number `seed` (0, 1, ...). Called from any
/// thread.
typedef struct probe_set grid_set_function(const struct grid_probe *probe, size_t seed,
                                           enum split split, const void *context);

struct probe_grid {
    struct grid_probe *probe; ///< (count)
    size_t count;
    grid_set_function *set;
    const void *context;
    double epochs; ///< of a training
    /// Training images, the first ones, that choose the rates.
    size_t held_out;
    /// Of the first training.
    uint64_t seed;
    int threads;
};

/// Trains every seed of every probe, or solves it, which has one seed, and measures its answers
/// (opened by the caller). A training uses one thread, so no bit depends on their number. The test
/// images choose nothing. Dies (EXIT_SYSTEM) when threads or memory are refused, (EXIT_INPUT) when
/// a training diverges.
void probe_grid_run(struct probe_grid *grid);

/// Takes the rate whose share held_out is the largest, of equals the lowest.
void grid_probe_choose(struct grid_probe *probe);

/// Rate number r of those that are tried.
double grid_probe_rate(const struct grid_probe *probe, size_t r);

/// 1 when the rate that was chosen is the least or the greatest of those tried.
int grid_rate_at_end(const struct grid_probe *probe);

/// The probe of RATE_RECIPE that trains the same at the same rate, so that its answers can be
/// copied; NULL when no probe does.
const struct grid_probe *grid_probe_memo(const struct grid_probe *probe,
                                         const struct probe_grid *grid);

#endif
