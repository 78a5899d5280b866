/// Attention whose weight is the identity: no token sees another (a control for Sec. 5.3 of the
/// paper). Values and the output projection stay; queries and keys have no effect.
#ifndef MASKBOOK_MODEL_IDENTITY_MIXING_H
#define MASKBOOK_MODEL_IDENTITY_MIXING_H

#include <stddef.h>

#include "core/model/activation.h"

/// out = I V = V, for every image and head.
/// out (R,D)
/// qkv (R,3D)  queries, keys, values, of out's arithmetic
/// Cost: a copy.
void identity_mixing_forward(const struct activation *out, const struct activation *qkv,
                             size_t rows);

/// The gradient of identity_mixing_forward: dV = dout, dQ = dK = 0.
/// dqkv (R,3D)  overwritten
/// dout (R,D)   of dqkv's arithmetic
void identity_mixing_backward(const struct activation *dqkv,
                              const struct activation *dout, size_t rows);

#endif
