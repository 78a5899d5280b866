/// How products of bfloat16 factors are computed: on AMX tiles where the CPU has them, else by vectors or
/// plain C that give the same bits, which core/linalg/bf16.h defines.
#ifndef MASKBOOK_LINALG_TILES_H
#define MASKBOOK_LINALG_TILES_H

#include <stddef.h>

#include "core/linalg/bf16.h"

/// C = A B, or C += A B when `accumulate`, as bf16.h defines it and with factors as it lays them out.
/// c (m,n), ldc numbers from row to row, overlaps neither factor. a: left factor (m,k), `row` from row to
/// row. b: right factor (k,n), `strip` from 16 columns to the next. Requires m, n, k > 0; no allocation.
typedef void tiles_function(float *c, size_t ldc, const bf16 *a, size_t row,
                            const bf16 *b, size_t strip, size_t m, size_t n, size_t k,
                            int accumulate);

/// Takes the path in force, whatever the rounding and flushing mode of the calling thread, which is kept.
tiles_function tiles_product;

/// The name of the path in force: "AMX", "AVX-512" or "portable". Decided at the first product.
const char *tiles_path(void);

/// For tests and benchmarks: from now on products take the path of that name. Returns 0 when this CPU
/// cannot; NULL goes back to the choice by CPU. Not while products run.
int tiles_path_use(const char *name);

/// Whether this CPU multiplies on AMX tiles, so that bfloat16 is faster than 32-bit floats.
int tiles_available(void);

/// The kernels of the paths. The two without tiles compute as the calling thread's MXCSR says, which must
/// flush subnormals both ways and round to nearest.
tiles_function tiles_amx, tiles_avx512, tiles_portable;

#endif
