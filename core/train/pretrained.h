/// A finished pretraining, checked against its recipe: an experiment that compares models must
/// know that each is the one that its name says.
#ifndef MASKBOOK_TRAIN_PRETRAINED_H
#define MASKBOOK_TRAIN_PRETRAINED_H

#include "core/model/weights.h"
#include "core/train/recipe.h"

/// Reads `path` (weights_open) and checks that it is what `recipe` trains on `data`: encoder and
/// decoder of the recipe's shape, and the same metadata run, tier, data, mask_ratio and options. It
/// may have been trained for longer or shorter (a pilot), but its metadata epochs and updates are
/// numbers, and it records the digest of its numbers. Dies (EXIT_INPUT) naming the path and what
/// differs, and as weights_open.
void pretrained_open(struct weights *weights, const char *path,
                     const struct recipe *recipe, const char *data);

/// A number in the metadata, "epochs" or "updates". Contract: pretrained_open checked it.
double pretrained_number(const struct weights *weights, const char *key);

/// The metadata `key`, NULL when there is none. Dies (EXIT_INPUT) where it holds a tab or a line's
/// end, which would end its row in a table of provenance.
const char *pretrained_line(const struct safetensors *file, const char *key);

/// The program that trained them, "PyTorch 2.1 on ..." from the metadata "trainer"; NULL: this one.
/// Dies as pretrained_line.
const char *pretrained_trainer(const struct safetensors *file);

/// text (RECIPE_TEXT) = the words of the recipe in the metadata that are not `recipe`'s, as
/// "batch=1024 learning_rate=0.0015", and those of `recipe` whose key the metadata lack, as "no
/// batch=64"; empty when there are none, "none recorded" without a recipe. Its length (epochs and
/// warm-up) is the matter of pilots, and micro-batches ("leaves") change no more than rounding.
void pretrained_departure(char text[RECIPE_TEXT], const struct weights *weights,
                          const struct recipe *recipe);

#endif
