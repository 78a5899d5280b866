/// What finetunings are called: their recipe in metadata, their folder here, their name shipped.
#ifndef MASKBOOK_TRAIN_FINETUNE_NAMES_H
#define MASKBOOK_TRAIN_FINETUNE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/files.h"
#include "core/model/safetensors.h"
#include "core/train/recipe.h"

/// text (RECIPE_TEXT) = what finetuning `recipe` on `images` images is, in the metadata "recipe" of
/// the result. start: the slab_digest of the pretraining that it begins from, or "random".
void finetune_text(char text[RECIPE_TEXT], const struct recipe *recipe, size_t images,
                   const char *start);

/// Which numbers of a pretraining a finetuning begins from: those of its file, or those that were
/// trained before the file was rounded.
enum { START_FILE, START_TRAINED, STARTS };

/// text (STARTS) = finetune_text for either start of the pretraining in `file`; "random" and both
/// the same for NULL, both the same where the file was not rounded. Dies (EXIT_INPUT) when the file
/// records no digest.
void finetune_texts(char text[STARTS][RECIPE_TEXT], const struct recipe *recipe,
                    size_t images, const struct safetensors *file);

/// folder (PATH_SIZE) = where a finetuning by `recipe` on `images` images is kept below root,
/// RESULTS/TIER-DATA. method: "finetuned" or "scratch". arithmetic: as arithmetic_name says it, or
/// "*" for a pattern that all of them match.
void finetune_folder(char folder[PATH_SIZE], const char *root, const char *method,
                     const struct recipe *recipe, size_t images, const char *arithmetic,
                     uint64_t seed);

enum { FINETUNE_NAME = 96 }; ///< bytes of such a name, the final 0 included

/// name (FINETUNE_NAME) = what its weights are called when they are shipped, without .safetensors:
/// "finetuned-m75-h3-seed1".
void finetune_name(char name[FINETUNE_NAME], const char *method, const char *run,
                   uint64_t seed);

#endif
