/// What the weights of a training are a function of: two trainings with the same identity give
/// the same bits. Checkpoints and weights carry it as metadata.
#ifndef MASKBOOK_TRAIN_RUN_IDENTITY_H
#define MASKBOOK_TRAIN_RUN_IDENTITY_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/hash.h"
#include "core/linalg/arithmetic.h"
#include "core/model/safetensors.h"
#include "core/train/recipe.h"

struct run_identity {
    char recipe[RECIPE_TEXT];
    char seed[24];
    char data_digest[HASH_HEX];
    char core_type[32];
    const char *arithmetic; ///< arithmetic_name
    const char *code;       ///< key of the sources, or NULL where they do not count
};

/// Fills everything; `code` is borrowed. The core type is the one in force.
void run_identity_fill(struct run_identity *identity, const struct recipe *recipe,
                       uint64_t seed, const char *data_digest,
                       enum arithmetic arithmetic, const char *code);

enum { IDENTITY_KEYS = 6 }; ///< the most that run_identity_metadata writes

/// metadata (IDENTITY_KEYS) = the identity's keys and values, borrowed. Returns how many.
size_t run_identity_metadata(struct metadata *metadata,
                             const struct run_identity *identity);

/// Returns the first key under which the file's metadata differs from the identity ("recipe",
/// "seed", "data_digest", "arithmetic", "core_type", "code" in this order), NULL when all agree.
const char *run_identity_difference(const struct run_identity *identity,
                                    const struct safetensors *file);

#endif
