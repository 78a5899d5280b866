/// AdamW (Loshchilov & Hutter 2019, Algorithm 2), as PyTorch's torch.optim.AdamW computes it.
#ifndef MASKBOOK_TRAIN_ADAMW_H
#define MASKBOOK_TRAIN_ADAMW_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/real.h"

struct adamw {
    double learning_rate, beta1, beta2, epsilon, weight_decay;
};

/// One update, number `step` counted from 1, on numbers [first, last) of the slabs, so that threads
/// can share the work without changing a bit.
///     w <- w (1 - lr wd);  m <- b1 m + (1-b1) g;  v <- b2 v + (1-b2) g^2
///     w <- w - lr (m / (1-b1^step)) / (sqrt(v / (1-b2^step)) + eps)
/// weights, first_moment, second_moment (count)  read and written
/// gradient (count)
void adamw_update(real *weights, real *first_moment, real *second_moment,
                  const real *gradient, size_t first, size_t last, uint64_t step,
                  const struct adamw *settings);

#endif
