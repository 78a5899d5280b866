/// A model's weights, those of its linear layers packed as operands B of products
/// (core/linalg/product.h): once an update, or once and for all when the weights do not change. All
/// threads share them.
#ifndef MASKBOOK_MODEL_PACKED_WEIGHTS_H
#define MASKBOOK_MODEL_PACKED_WEIGHTS_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/real.h"
#include "core/linalg/product.h"
#include "core/model/parameters.h"
#include "core/model/reserve.h"

struct packed_weights {
    const struct parameters *parameters; ///< borrowed
    const real *weights;                 ///< (parameters->count), borrowed
    enum arithmetic arithmetic;
    enum mode mode;
    struct packed_pair {
        void *forward_storage, *backward_storage;
        struct operand_b forward, backward;
    } * row; ///< (parameters->rows); unspecified for rows that are not weights of linear layers
};

/// Bytes of arena that packed_weights_open takes.
size_t packed_weights_bytes(const struct parameters *parameters,
                            enum arithmetic arithmetic, enum mode mode);

/// Takes memory from `arena` for packing; packs nothing yet. `mode` INFER packs for forward passes
/// alone.
/// weights (parameters->count)  borrowed as long as `packed` is used
void packed_weights_open(struct packed_weights *packed,
                         const struct parameters *parameters, const real *weights,
                         enum arithmetic arithmetic, enum mode mode,
                         struct arena *arena);

/// Packs row number `row` of the table from the present weights; does nothing for a row that is not
/// the weight of a linear layer. Rows are independent, so threads may share them.
void packed_weights_pack(struct packed_weights *packed, size_t row);

/// Packs all rows.
void packed_weights_pack_all(struct packed_weights *packed);

/// Opens `arena` and packs weights (parameters->count) that do not change, for forward passes;
/// closing the arena ends their use. Dies (EXIT_SYSTEM) without memory.
void packed_weights_for_inference(struct packed_weights *packed, struct arena *arena,
                                  const struct parameters *parameters,
                                  const real *weights, enum arithmetic arithmetic);

/// Points the layers' struct at `layers` to the weights (parameters_bind), and every `struct
/// linear` in it to its packed weight.
void packed_weights_bind(void *layers, const struct packed_weights *packed);

#endif
