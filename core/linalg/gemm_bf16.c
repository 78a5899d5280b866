#include "core/linalg/gemm_bf16.h"

#include <pthread.h>
#include <xmmintrin.h>

#include "core/base/die.h"
#include "core/linalg/amx.h"
#include "core/linalg/coretype.h"
#include "core/linalg/kernel_choice.h"

// ====== The mode of the thread ======

// What the instructions do without looking at MXCSR: round to nearest, no traps, flush subnormal
// results (_MM_FLUSH_ZERO_ON) and inputs (bit 6). The lowest six bits are flags.
enum { MXCSR_FLAGS = 0x3f, MXCSR_FLUSHING = 0x1f80 | _MM_FLUSH_ZERO_ON | 0x40 };

static void call(gemm_bf16_function *kernel, float *c, size_t ldc, const bf16 *a,
                 size_t row, const bf16 *b, size_t panel, size_t m, size_t n, size_t k,
                 int accumulate)
{
    unsigned mode = _mm_getcsr();
    int differs = (mode & ~(unsigned)MXCSR_FLAGS) != MXCSR_FLUSHING;
    if (differs) _mm_setcsr(MXCSR_FLUSHING);
    kernel(c, ldc, a, row, b, panel, m, n, k, accumulate);
    if (differs) _mm_setcsr(mode);
}

// ====== The trial of VDPBF16PS ======

enum { TRIAL_M = 16, TRIAL_N = 2 * TILE_SIDE, TRIAL_K = 2 * TILE_DEPTH };

// Any bits, but exponents between 2^-63 and 2^-48, so that some products are subnormal numbers and
// many sums round: another order, or no flushing, shows.
static bf16 trial_number(uint32_t index)
{
    uint32_t bits = (index + 1) * 2654435761u; // Knuth's multiplicative hash
    bits ^= bits >> 15;
    return (bf16)((bits & 0x807f) | (64 + (bits >> 20) % 16) << 7);
}

static int trial(void)
{
    static bf16 a[TRIAL_M * TRIAL_K] __attribute__((aligned(64)));
    static bf16 b[TRIAL_K * TRIAL_N] __attribute__((aligned(64)));
    static float by_instruction[TRIAL_M * TRIAL_N], defined[TRIAL_M * TRIAL_N];
    enum {
        A = TRIAL_M * TRIAL_K,
        B = TRIAL_K * TRIAL_N,
        PANEL_B = TRIAL_K * TILE_SIDE
    };
    for (uint32_t i = 0; i < A; ++i) a[i] = trial_number(i);
    for (uint32_t i = 0; i < B; ++i) b[i] = trial_number(A + i);
    call(gemm_dot_avx512bf16, by_instruction, TRIAL_N, a, TRIAL_K, b, PANEL_B, TRIAL_M,
         TRIAL_N, TRIAL_K, 0);
    call(gemm_dot_portable, defined, TRIAL_N, a, TRIAL_K, b, PANEL_B, TRIAL_M, TRIAL_N,
         TRIAL_K, 0);
    int same = 1;
    for (size_t i = 0; i < TRIAL_M * TRIAL_N; ++i) {
        uint32_t bits[2];
        memcpy(&bits[0], &by_instruction[i], sizeof bits[0]);
        memcpy(&bits[1], &defined[i], sizeof bits[1]);
        same &= bits[0] == bits[1];
    }
    return same;
}

static int dot_works;

static void dot_decide(void)
{
    dot_works = cpu_has_avx512_bf16() && trial();
}

int dot_available(void)
{
    static pthread_once_t decided = PTHREAD_ONCE_INIT;
    pthread_once(&decided, dot_decide);
    return dot_works;
}

// ====== Kernels ======

static const struct kernel tile_kernels[] = {
    {"AMX", amx_available, NULL, {.bf16 = gemm_tile_amx}},
    {"AVX-512", cpu_has_avx512, NULL, {.bf16 = gemm_tile_avx512}},
    {"AVX2", cpu_has_avx2, NULL, {.bf16 = gemm_tile_avx2}},
    {"portable", NULL, NULL, {.bf16 = gemm_tile_portable}},
};

static const struct kernel dot_kernels[] = {
    {"AVX512-BF16", dot_available, NULL, {.bf16 = gemm_dot_avx512bf16}},
    {"AVX-512", cpu_has_avx512, NULL, {.bf16 = gemm_dot_avx512}},
    {"AVX2", cpu_has_avx2, NULL, {.bf16 = gemm_dot_avx2}},
    {"portable", NULL, NULL, {.bf16 = gemm_dot_portable}},
};

static struct kernel_choice tile_choice = {tile_kernels, 4, NULL},
                            dot_choice = {dot_kernels, 4, NULL};

static struct kernel_choice *choice_of(enum arithmetic arithmetic)
{
    require(arithmetic != FP32, "bfloat16 products of fp32");
    return arithmetic == BF16 ? &tile_choice : &dot_choice;
}

const char *gemm_bf16_path(enum arithmetic arithmetic)
{
    return kernel_chosen(choice_of(arithmetic))->name;
}

int gemm_bf16_path_use(enum arithmetic arithmetic, const char *name)
{
    return kernel_use(choice_of(arithmetic), name);
}

// ====== Products ======

static void operands_check(size_t ldc, size_t row, size_t panel, size_t m, size_t n,
                           size_t k)
{
    require(m > 0 && n > 0 && k > 0 && ldc >= n, "product %zu x %zu x %zu, ldc %zu", m,
            n, k, ldc);
    require(row % TILE_DEPTH == 0 && panel % TILE_NUMBERS == 0,
            "bfloat16 operands with %zu to a row, %zu to a panel", row, panel);
}

void gemm_tile(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
               size_t panel, size_t m, size_t n, size_t k, int accumulate)
{
    operands_check(ldc, row, panel, m, n, k);
    call(kernel_chosen(&tile_choice)->bf16, c, ldc, a, row, b, panel, m, n, k,
         accumulate);
}

void gemm_dot(float *c, size_t ldc, const bf16 *a, size_t row, const bf16 *b,
              size_t panel, size_t m, size_t n, size_t k, int accumulate)
{
    operands_check(ldc, row, panel, m, n, k);
    call(kernel_chosen(&dot_choice)->bf16, c, ldc, a, row, b, panel, m, n, k,
         accumulate);
}
