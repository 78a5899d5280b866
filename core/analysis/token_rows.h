/// Products of an image's tokens X (T,D) with a few rows: too thin for a matrix kernel, and bound by how often X is
/// read, hence all rows in one pass over it. Tokens are float whatever the build's real is. Sums have a
/// fixed order, so every clone of a kernel gives the same bits.
#ifndef MASKBOOK_ANALYSIS_TOKEN_ROWS_H
#define MASKBOOK_ANALYSIS_TOKEN_ROWS_H

#include <stddef.h>

#include "core/base/real.h"

/// out = R X^T: a dot product is sixteen partial sums, folded as in core/model/lanes.h.
/// out    (H,S)  the first T of S columns overwritten
/// rows   (H,D)
/// tokens (T,D)
/// Requires D to be a multiple of 16 (LANES). Work 2 T H D flops.
void token_rows_dot(real *out, size_t stride, const real *rows, const float *tokens,
                    size_t count, size_t width, size_t heads);

/// out = P X: each row of P weights the tokens, which are added in order.
/// out    (H,D)  overwritten
/// shares (H,S)  the first T of S columns
/// tokens (T,D)
/// Requires D to be a multiple of 16 (LANES). Work 2 T H D flops.
void token_rows_mix(real *out, const real *shares, size_t stride, const float *tokens,
                    size_t count, size_t width, size_t heads);

#endif
