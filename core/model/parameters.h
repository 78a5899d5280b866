/// Every trainable tensor, listed once: its name in the public code, shape, place in the slab,
/// initialisation. The table drives allocation, initialisation, safetensors, the gradient checks and
/// the parameter count, so that these cannot disagree.
#ifndef MASKBOOK_MODEL_PARAMETERS_H
#define MASKBOOK_MODEL_PARAMETERS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/hash.h"
#include "core/base/real.h"

enum { PARAMETER_NAME = 64, PARAMETER_DIMENSIONS = 4 };

enum initial {
    INITIAL_ZERO,
    INITIAL_ONE,
    INITIAL_NORMAL, ///< N(0, .02^2) truncated at 2 (tokens and positions; timm trunc_normal_)
    INITIAL_FAN_IN ///< U(-1/sqrt(fan_in), 1/sqrt(fan_in)) (PyTorch's default for Linear and Conv)
};

struct parameter {
    char name[PARAMETER_NAME]; ///< "encoder.transformer.0.attn.qkv.weight"
    int dimensions;
    size_t shape[PARAMETER_DIMENSIONS];
    size_t count;  ///< product of the shape
    size_t offset; ///< first number in the slab
    enum initial initial;
    size_t fan_in; ///< for INITIAL_FAN_IN
    int decays;    ///< AdamW's weight decay applies (the recipe decays all)
    size_t member; ///< where the layers' struct keeps its pointer (parameters_bind)
};

struct parameters {
    struct parameter *row; ///< (rows), in the arena given to parameters' maker
    size_t rows, capacity;
    size_t count; ///< numbers in the slab, all rows together
};

/// Appends a row; the offset follows from the rows before. `shape` ends at `dimensions`.
/// Contract: capacity was reserved by parameters_open and the name is new.
void parameters_add(struct parameters *parameters, const char *name, int dimensions,
                    const size_t *shape, enum initial initial, size_t fan_in);

/// An empty table with room for `capacity` rows in `arena`.
void parameters_open(struct parameters *parameters, size_t capacity,
                     struct arena *arena);

/// What a layer says of one of its tensors.
struct parameter_entry {
    const char *name; ///< within the layer: "attn.qkv.weight"
    size_t member;    ///< offsetof its real * in the layer's struct
    int dimensions;
    size_t shape[PARAMETER_DIMENSIONS];
    enum initial initial;
    size_t fan_in;
};

/// Appends `entries` (count), each named prefix + name; the layer's struct lies `base` bytes into the
/// struct that parameters_bind will fill.
void parameters_list(struct parameters *parameters, const char *prefix, size_t base,
                     const struct parameter_entry *entries, size_t count);

/// Whether the row is the weight of a linear layer (or of a convolution whose stride is its size), thus
/// a factor of products, first member of its struct linear: a tensor of two or more dimensions drawn by fan-in.
int parameter_is_operand(const struct parameter *row);

/// Points every listed member of the struct at `layers` to its place in slab (count). The same
/// struct serves weights, which the layers only read, and gradients, which they write. Members
/// that are not listed (a bias that a layer does not have) stay as they are: zero the struct first.
void parameters_bind(void *layers, const struct parameters *parameters,
                     const real *slab);

/// slab (count) overwritten with initial values; row r draws from stream (seed, PURPOSE_INIT, 0, r).
void parameters_initialise(real *slab, const struct parameters *parameters,
                           uint64_t seed);

/// The row of that name, NULL when there is none.
const struct parameter *parameters_find(const struct parameters *parameters,
                                        const char *name);

/// Adds slab (count) to the hash, as little-endian F32.
void slab_hash(struct hash *hash, const real *slab, size_t count);

/// hex (HASH_HEX) = SHA-256 of slab (count) as little-endian F32.
void slab_digest(char hex[HASH_HEX], const real *slab, size_t count);

/// Returns 1 when every number of slab (count) is finite, else 0.
int slab_finite(const real *slab, size_t count);

#endif
