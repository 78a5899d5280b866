/// Sums in a fixed order that the compiler can still vectorise: sixteen partial sums, element i in lane
/// i % 16, folded by halves. The order is written out, so every clone of a kernel gives the same bits.
#ifndef MASKBOOK_MODEL_LANES_H
#define MASKBOOK_MODEL_LANES_H

#include <stddef.h>

#include "core/base/real.h"

enum { LANES = 16 };

/// ((0+8) + (4+12)) + ...: the sum of all lanes; destroys them.
static inline real lanes_fold(real lane[LANES])
{
    for (size_t half = LANES / 2; half; half /= 2)
        for (size_t l = 0; l < half; ++l) lane[l] += lane[l + half];
    return lane[0];
}

/// n rounded up to whole lanes; the stride of rows that kernels treat without a tail.
static inline size_t lanes_stride(size_t n)
{
    return (n + LANES - 1) / LANES * LANES;
}

#endif
