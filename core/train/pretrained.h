/// A finished pretraining, found by the recipe it is said to follow: an experiment that compares
/// models must know that each is the one its name promises.
#ifndef MASKBOOK_TRAIN_PRETRAINED_H
#define MASKBOOK_TRAIN_PRETRAINED_H

#include "core/model/weights.h"
#include "core/train/recipe.h"

/// Reads `path` (weights_open) and checks that it is what `recipe` trains on `data`: encoder and decoder of
/// the recipe's shape, and metadata run, tier, data and mask_ratio that say the same. How long it was
/// trained may differ (a pilot): metadata epochs and updates are numbers, for captions.
/// Dies (EXIT_INPUT) naming the path and what differs; otherwise as weights_open.
void pretrained_open(struct weights *weights, const char *path,
                     const struct recipe *recipe, const char *data);

/// A number in the metadata, "epochs" or "updates". Contract: pretrained_open checked it.
double pretrained_number(const struct weights *weights, const char *key);

#endif
