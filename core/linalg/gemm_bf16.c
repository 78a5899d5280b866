#include "core/linalg/gemm_bf16.h"

#include <xmmintrin.h>

#include "core/base/die.h"
#include "core/linalg/amx.h"
#include "core/linalg/coretype.h"
#include "core/linalg/kernel_choice.h"

static const struct kernel kernels[] = {
    {"AMX", amx_available, NULL, {.bf16 = gemm_bf16_amx}},
    {"AVX-512", cpu_has_avx512, NULL, {.bf16 = gemm_bf16_avx512}},
    {"portable", NULL, NULL, {.bf16 = gemm_bf16_portable}},
};

static struct kernel_choice choice = {kernels, sizeof kernels / sizeof *kernels, NULL};

const char *gemm_bf16_path(void)
{
    return kernel_chosen(&choice)->name;
}

int gemm_bf16_path_use(const char *name)
{
    return kernel_use(&choice, name);
}

// What tiles do without looking at MXCSR: round to nearest, no traps, flush subnormal results
// (_MM_FLUSH_ZERO_ON) and inputs (bit 6). The lowest six bits are flags.
enum { MXCSR_FLAGS = 0x3f, MXCSR_TILES = 0x1f80 | _MM_FLUSH_ZERO_ON | 0x40 };

void gemm_bf16(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
               size_t panel, size_t m, size_t n, size_t k, int accumulate)
{
    require(m > 0 && n > 0 && k > 0 && ldc >= n, "product %zu x %zu x %zu, ldc %zu", m,
            n, k, ldc);
    require(row % TILE_DEPTH == 0 && panel % TILE_NUMBERS == 0,
            "bfloat16 operands with %zu to a row, %zu to a panel", row, panel);
    unsigned mode = _mm_getcsr();
    int differs = (mode & ~(unsigned)MXCSR_FLAGS) != MXCSR_TILES;
    if (differs) _mm_setcsr(MXCSR_TILES);
    kernel_chosen(&choice)->bf16(c, ldc, a, row, b, panel, m, n, k, accumulate);
    if (differs) _mm_setcsr(mode);
}
