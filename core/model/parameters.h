/// The table of trainable tensors: name in the public code, shape, offset in the slab,
/// initialisation. Allocation, initialisation, safetensors, the gradient checks and the parameter
/// count all follow from it, so they cannot disagree. A slab is an array of all tensors' numbers,
/// in the order of the table.
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
    INITIAL_NORMAL, ///< N(0, .02^2) truncated at 2 (tokens and positions; timm's trunc_normal_)
    INITIAL_FAN_IN, ///< U(-1/sqrt(fan_in), 1/sqrt(fan_in)) (PyTorch's default for Linear and Conv)
};

struct parameter {
    char name[PARAMETER_NAME]; ///< "encoder.transformer.0.attn.qkv.weight"
    int dimensions;
    size_t shape[PARAMETER_DIMENSIONS];
    size_t count;  ///< product of the shape
    size_t offset; ///< first number in the slab
    enum initial initial;
    size_t fan_in; ///< for INITIAL_FAN_IN
    size_t member; ///< offset of its pointer in the layers' struct (parameters_bind)
};

struct parameters {
    struct parameter *row; ///< (rows), in the arena given to parameters_open
    size_t rows, capacity;
    size_t count; ///< numbers in the slab, all rows together
};

/// Appends a row. `shape` has `dimensions` numbers. Requires capacity and a new name.
void parameters_add(struct parameters *parameters, const char *name, int dimensions,
                    const size_t *shape, enum initial initial, size_t fan_in);

/// An empty table of at most `capacity` rows, in `arena`.
void parameters_open(struct parameters *parameters, size_t capacity,
                     struct arena *arena);

/// A layer's description of one of its tensors.
struct parameter_entry {
    const char *name; ///< within the layer: "attn.qkv.weight"
    size_t member;    ///< offsetof its real * in the layer's struct
    int dimensions;
    size_t shape[PARAMETER_DIMENSIONS];
    enum initial initial;
    size_t fan_in;
};

/// Appends `entries` (count), named prefix + name. `base` is the offset of the layer's struct in
/// the struct that parameters_bind fills.
void parameters_list(struct parameters *parameters, const char *prefix, size_t base,
                     const struct parameter_entry *entries, size_t count);

/// Whether the row is an operand of products: the weight of a linear layer, or of a convolution
/// whose stride is its size. It is then the first member of a struct linear. Told by two or more
/// dimensions and INITIAL_FAN_IN.
int parameter_is_operand(const struct parameter *row);

/// Points every listed member of the struct at `layers` to its tensor in slab (count). Used for
/// weights, which layers only read, and for gradients, which they write. Members without a row (a
/// bias that a layer does not have) are unchanged: zero the struct first.
void parameters_bind(void *layers, const struct parameters *parameters,
                     const real *slab);

/// Overwrites slab (count) with initial values; row r draws from stream (seed, PURPOSE_INIT, 0, r).
void parameters_initialise(real *slab, const struct parameters *parameters,
                           uint64_t seed);

/// The row of that name, or NULL.
const struct parameter *parameters_find(const struct parameters *parameters,
                                        const char *name);

/// Adds slab (count) to the hash, as little-endian F32.
void slab_hash(struct hash *hash, const real *slab, size_t count);

/// hex (HASH_HEX) = SHA-256 of slab (count) as little-endian F32.
void slab_digest(char hex[HASH_HEX], const real *slab, size_t count);

/// Returns 1 when every number of slab (count) is finite, else 0.
int slab_finite(const real *slab, size_t count);

#endif
