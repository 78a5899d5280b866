/// Products of an image's tokens X (T,D) with a few rows. They are too thin for a matrix kernel,
/// and their time is that of reading X, so one pass over X serves several rows. Tokens are float in
/// every build. Sums have a fixed order, so every clone of a kernel gives the same bits.
#ifndef MASKBOOK_ANALYSIS_TOKEN_ROWS_H
#define MASKBOOK_ANALYSIS_TOKEN_ROWS_H

#include <stddef.h>

#include "core/base/real.h"

/// out = R X^T; a dot product is sixteen partial sums, reduced as in core/model/lanes.h.
/// out (H,stride)   the first T columns overwritten
/// rows (H,D)       R
/// tokens (T,D)     X
/// Requires D to be a multiple of 16 (LANES) and stride >= T. Cost 2*T*H*D flops.
void token_rows_dot(real *out, size_t stride, const real *rows, const float *tokens,
                    size_t count, size_t width, size_t heads);

/// out = P X: sums of the tokens weighted by the rows of P, added in order.
/// out (H,D)           overwritten
/// shares (H,stride)   P, its first T columns
/// tokens (T,D)        X
/// Requires D to be a multiple of 16 (LANES) and stride >= T. Cost 2*T*H*D flops.
void token_rows_mix(real *out, const real *shares, size_t stride, const float *tokens,
                    size_t count, size_t width, size_t heads);

#endif
