/// Packs operands B of FP32 products, a panel at a time.
#ifndef MASKBOOK_LINALG_PACK_REALS_H
#define MASKBOOK_LINALG_PACK_REALS_H

#include <stddef.h>

#include "core/linalg/product.h"

/// One panel of op(B): its first `columns` columns, then zeros.
/// panel (k,PANEL)  overwritten; 16 numbers aligned
/// b                (k,columns), or (columns,k) when TRANSPOSED; ldb numbers from stored row to row
/// Requires k > 0 and columns = 1..PANEL. Reads nothing past the stored rows.
void panel_pack(real *panel, const real *b, size_t ldb, enum transpose op, size_t k,
                size_t columns);

#endif
