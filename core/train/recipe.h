/// Every pretraining recipe, in one table: the paper's numbers, those of its public code where
/// the paper gives none, and what a tier scales down (each departure has a line in
/// paper/deviations.md).
#ifndef MASKBOOK_TRAIN_RECIPE_H
#define MASKBOOK_TRAIN_RECIPE_H

#include <stddef.h>
#include <stdint.h>

#include "core/model/shapes.h"
#include "core/model/variant.h"
#include "core/train/target.h"

struct recipe {
    const char *tier; ///< "smoke", "desk", "paper"
    const char *run;  ///< "m75-h3": mask ratio 75 %, 3 heads
    struct mae_shape shape;
    double mask_ratio;
    size_t batch; ///< images an update (B)
    /// S, a power of two dividing batch; part of the result's bits.
    size_t micro_batches;
    double epochs;                              ///< passes over the training images
    double warmup;                              ///< epochs of linear warm-up
    double learning_rate;                       ///< at the peak
    double beta1, beta2, epsilon, weight_decay; ///< AdamW
    struct mae_variant
        variant;          ///< layers in the place of the paper's; zeros: the paper's
    struct target target; ///< of the loss; zeros: the paper's
};

/// How a recipe may depart from the paper's model or loss. `value` is `usual` where it does not.
struct recipe_option {
    const char
        *key; ///< in texts and in weights' metadata, where departures alone are named
    const char *value, *usual;
};
enum { RECIPE_OPTIONS = 4 };

/// option (RECIPE_OPTIONS) = "target", "target_scale", "decoder_norm", "mixing".
void recipe_options(struct recipe_option option[RECIPE_OPTIONS],
                    const struct recipe *recipe);

/// Bytes that recipe_text needs at most.
enum { RECIPE_TEXT = 512 };

/// The recipe of `run` at `tier`. Dies (EXIT_USAGE), listing the runs, when there is none.
struct recipe recipe_find(const char *tier, const char *run);

/// The i-th row of the table, NULL past its end; in the order in which the book prints it.
const struct recipe *recipe_row(size_t i);

/// The same recipe for another number of epochs (a pilot): the warm-up keeps its share of the run.
/// Dies (EXIT_USAGE) unless 0 < epochs <= 100000.
void recipe_set_epochs(struct recipe *recipe, double epochs);

/// text (RECIPE_TEXT) = every number of the recipe as "key=value" words, then the options that are
/// not the paper's; the same for equal recipes; written into weights' metadata and hashed into
/// results' keys.
void recipe_text(char text[RECIPE_TEXT], const struct recipe *recipe);

#endif
