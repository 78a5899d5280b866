/// A model's weights with the factors of its products packed as the kernels want them (core/linalg/product.h):
/// done once an update, or once for all when weights do not change, and shared by all threads.
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
    } * row; ///< (parameters->rows); of the rows that are no factor, unspecified
};

/// Bytes of arena that packed_weights_open takes.
size_t packed_weights_bytes(const struct parameters *parameters,
                            enum arithmetic arithmetic, enum mode mode);

/// Takes memory for the factors of weights (parameters->count), borrowed for as long as `prepared` is
/// used; packs nothing yet.
void packed_weights_open(struct packed_weights *prepared,
                         const struct parameters *parameters, const real *weights,
                         enum arithmetic arithmetic, enum mode mode,
                         struct arena *arena);

/// Packs row number `row` of the table from the weights as they are now; a row that is no factor is left
/// alone. Rows are independent, for threads to share.
void packed_weights_pack(struct packed_weights *prepared, size_t row);

/// Packs every row.
void packed_weights_pack_all(struct packed_weights *prepared);

/// Opens `arena` for the factors of weights that do not change, for forward passes, and packs them; closing
/// the arena ends their use. Dies (EXIT_SYSTEM) without memory.
void packed_weights_for_inference(struct packed_weights *prepared, struct arena *arena,
                                  const struct parameters *parameters,
                                  const real *weights, enum arithmetic arithmetic);

/// Points the layers' struct to the weights (parameters_bind), and every `struct linear` in it to its
/// factors.
void packed_weights_bind(void *layers, const struct packed_weights *prepared);

#endif
