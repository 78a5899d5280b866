/// A trained model from a file: what it is follows from the tensors' shapes, how many heads it has
/// from the metadata (no shape shows them), so whoever has weights needs nothing else.
#ifndef MASKBOOK_MODEL_WEIGHTS_H
#define MASKBOOK_MODEL_WEIGHTS_H

#include "core/base/arena.h"
#include "core/model/mae.h"
#include "core/model/safetensors.h"

struct weights {
    struct mae mae; ///< shape and table, in `arena`
    real *slab;  ///< (mae.parameters.count), in `arena`; a missing decoder's part is 0
    int decoder; ///< nonzero when the file holds a decoder; otherwise mae_encode only
    struct safetensors file; ///< left open for its metadata and digest
    struct arena arena;      ///< owned
};

/// Reads a masked autoencoder, or an encoder alone, with the public code's names; those of an encoder
/// alone may lack the prefix "encoder.", and then the class head of a classifier ("head.") is
/// passed over. Patch, depth and width come from the shapes of the tensors; heads from the
/// metadata "heads" and "decoder_heads", where that is absent from `heads` (0: not given); a
/// decoder without its own has as many as the encoder.
/// Dies (EXIT_INPUT), naming path and tensor, for a bad file (safetensors_read, with `hint` when it
/// is missing), shapes that do not fit one another, a tensor that is missing or unknown;
/// (EXIT_USAGE) when the number of heads is nowhere given, or `heads` contradicts the metadata.
void weights_open(struct weights *weights, const char *path, const char *hint,
                  int heads);

/// Frees everything.
void weights_close(struct weights *weights);

#endif
