/// A trained model from a file alone: its shape follows from the tensors' shapes, its number of
/// heads, which no tensor's shape shows, from the metadata.
#ifndef MASKBOOK_MODEL_WEIGHTS_H
#define MASKBOOK_MODEL_WEIGHTS_H

#include "core/base/arena.h"
#include "core/model/mae.h"
#include "core/model/safetensors.h"

struct weights {
    struct mae mae; ///< shape and table, in `arena`
    real *slab;  ///< (mae.parameters.count), in `arena`; a missing decoder's part is 0
    int decoder; ///< whether the file holds a decoder; without one only mae_encode works
    struct safetensors file; ///< open, for its metadata and digest
    struct arena arena;      ///< owned
};

/// Reads a masked autoencoder, or an encoder alone, with the public code's names. The names of an
/// encoder alone may lack the prefix "encoder."; a classifier's head ("head.") is ignored where
/// there is no decoder. What wrapped the model when it was saved ("module.", "_orig_mod.",
/// "model.", in any number) is no part of a name. The names of other public code are refused,
/// saying whose they are. Patch, depth and width come from the shapes of the tensors. The numbers
/// of heads come from the metadata "heads" and "decoder_heads"; without the first, from `heads` (0:
/// not given); without the second, the decoder has as many as the encoder. The metadata
/// "decoder_norm" and "mixing" name layers in the place of the paper's (core/model/variant.h). Dies
/// (EXIT_INPUT), naming path and tensor, for a bad file (safetensors_read; `hint` says what to do
/// when it is missing), for shapes that do not match one another and for a missing or unknown
/// tensor; (EXIT_USAGE) when the number of heads is not given, or `heads` contradicts the metadata.
void weights_open(struct weights *weights, const char *path, const char *hint,
                  int heads);

/// Frees everything.
void weights_close(struct weights *weights);

// ====== For readers of other names ======

/// Side d of the tensor of that name, which has so many dimensions. Dies (EXIT_INPUT), naming path
/// and tensor, when it is missing, has another number of dimensions, or that side is outside 1 to
/// 2^20, as no model here has it.
int weights_side(const struct safetensors *file, const char *name, int dimensions,
                 int d);

/// The metadata's number of heads under `key`, 0 when it is missing. Dies (EXIT_INPUT) unless it is
/// 1 to 1024.
int weights_heads(const struct safetensors *file, const char *key);

/// The number of heads of an encoder of `width` numbers a token: the metadata's, or else `heads`,
/// which was asked for by `option` ("HEADS="), 0: not. Dies (EXIT_USAGE) when the two differ, when
/// there is neither, or when what is asked for does not divide the width; (EXIT_INPUT) as
/// weights_heads does.
int weights_encoder_heads(const struct safetensors *file, int width, int heads,
                          const char *option);

#endif
