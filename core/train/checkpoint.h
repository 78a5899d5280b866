/// A training in progress on disk, and the question whether two trainings are the same one. A
/// checkpoint holds everything that the next update depends on, so that a killed run goes on to the
/// bits it would have reached.
#ifndef MASKBOOK_TRAIN_CHECKPOINT_H
#define MASKBOOK_TRAIN_CHECKPOINT_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/hash.h"
#include "core/linalg/arithmetic.h"
#include "core/model/safetensors.h"
#include "core/train/recipe.h"

/// What the weights of a training are a function of.
struct identity {
    char recipe[RECIPE_TEXT];
    char seed[24];
    char data_digest[HASH_HEX];
    char core_type[32];
    const char *arithmetic; ///< arithmetic_name
    const char *code;       ///< key of the sources, or NULL where they do not count
};

/// Fills everything; `code` is borrowed. The core type is the one in force.
void identity_fill(struct identity *identity, const struct recipe *recipe,
                   uint64_t seed, const char *data_digest, enum arithmetic arithmetic,
                   const char *code);

enum { IDENTITY_KEYS = 6 }; ///< the most that identity_metadata writes

/// metadata (IDENTITY_KEYS) gets the identity's keys and values, borrowed. Returns how many.
size_t identity_metadata(struct metadata *metadata, const struct identity *identity);

/// The first key under which the file's metadata differs from the identity ("recipe", "seed",
/// "data_digest", "arithmetic", "core_type", "code" in this order), NULL when all agree.
const char *identity_difference(const struct identity *identity,
                                const struct safetensors *file);

/// The state between two updates.
struct state {
    real *weights, *first_moment, *second_moment; ///< (parameters->count), borrowed
    uint64_t updates;                             ///< done
    double loss_sum; ///< of the updates since the last line of the log
    uint64_t loss_count;
};

/// hex (HASH_HEX) = SHA-256 of slab (count) as little-endian F32.
void slab_digest(char hex[HASH_HEX], const real *slab, size_t count);

/// True when every number of slab (count) is finite.
int slab_finite(const real *slab, size_t count);

/// Writes the state to `path`, atomically. Dies (EXIT_SYSTEM) when the disk does not take it, leaving
/// the old checkpoint.
void checkpoint_write(const char *path, const struct identity *identity,
                      const struct parameters *parameters, const struct state *state);

/// Fills the state's slabs and numbers from `path`. Dies (EXIT_INPUT) for a file that is no checkpoint,
/// has one bit wrong, or belongs to another training, saying what differs and what to do.
void checkpoint_read(struct state *state, const char *path,
                     const struct identity *identity,
                     const struct parameters *parameters);

enum { CHECKPOINT_REASON = 4096 }; ///< bytes of a reason, the final 0 included

/// Returns 1 when checkpoint_read would take `path`, and 0 when it would die (EXIT_INPUT), with
/// reason (CHECKPOINT_REASON) = the line it would say. Tries it in a child of this process, so that the
/// state stays as it is; costs one reading of the file, of which the child's share of the slabs is a
/// copy. Contract: this process has no other thread. Dies (EXIT_SYSTEM) when the child cannot be made or
/// ends otherwise.
int checkpoint_fits(char reason[CHECKPOINT_REASON], struct state *state,
                    const char *path, const struct identity *identity,
                    const struct parameters *parameters);

#endif
