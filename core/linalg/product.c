#include "core/linalg/product.h"

#include <stdint.h>

#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "core/linalg/kernel_choice.h"
#include "core/linalg/pack_reals.h"

// ====== Kernels ======

static void panel_openblas(real *c, size_t ldc, const real *a, size_t row, size_t step,
                           const real *b, size_t ldb, size_t m, size_t n, size_t k,
                           int accumulate)
{
    enum transpose op = step == 1 ? PLAIN : TRANSPOSED;
    gemm_strided(c, ldc, 1, a, op == PLAIN ? row : step, op, b, ldb, PLAIN, m, n, k,
                 accumulate ? 1 : 0);
}

// A user who names a core type without fused multiply-adds asks for OpenBLAS's bits.
static const struct kernel kernels[] = {
#ifndef REAL_DOUBLE
    {"AVX-512", cpu_has_avx512, coretype_fuses, {.panel = panel_avx512}},
    {"AVX2", cpu_has_avx2, coretype_fuses, {.panel = panel_avx2}},
#endif
    {"OpenBLAS", NULL, NULL, {.panel = panel_openblas}},
};

static struct kernel_choice choice = {kernels, sizeof kernels / sizeof *kernels, NULL};

const char *product_path(void)
{
    return kernel_chosen(&choice)->name;
}

int product_path_use(const char *name)
{
    return kernel_use(&choice, name);
}

// ====== Operands ======

struct operand_a operand_a(const real *a, size_t lda, enum transpose op)
{
    return op == PLAIN ? (struct operand_a){a, lda, 1} : (struct operand_a){a, 1, lda};
}

struct operand_a operand_a_skip(struct operand_a a, size_t rows,
                                enum arithmetic arithmetic)
{
    size_t number = arithmetic == FP32 ? sizeof(real) : sizeof(uint16_t);
    return (struct operand_a){(const char *)a.data + rows * a.row * number, a.row,
                              a.step};
}

struct operand_b operand_b(const real *b, size_t ldb)
{
    return (struct operand_b){b, ldb, PANEL};
}

static size_t panels(size_t n)
{
    return (n + PANEL - 1) / PANEL;
}

size_t operand_b_size(size_t k, size_t n)
{
    return k * panels(n) * PANEL;
}

struct operand_b operand_b_pack(real *storage, const real *b, size_t ldb,
                                enum transpose op, size_t k, size_t n)
{
    require(k > 0 && n > 0 && (uintptr_t)storage % OPERAND_ALIGNMENT == 0,
            "an operand %zu x %zu at %p", k, n, (void *)storage);
    for (size_t p = 0; p < panels(n); ++p) {
        size_t first = p * PANEL, columns = n - first < PANEL ? n - first : PANEL;
        panel_pack(storage + p * k * PANEL, b + (op == PLAIN ? first : first * ldb),
                   ldb, op, k, columns);
    }
    return (struct operand_b){storage, PANEL, k * PANEL};
}

// ====== Products ======

void product(real *c, size_t ldc, struct operand_a a, struct operand_b b,
             enum arithmetic arithmetic, size_t m, size_t n, size_t k, int accumulate)
{
    require(m > 0 && n > 0 && k > 0 && ldc >= n, "product %zu x %zu x %zu, ldc %zu", m,
            n, k, ldc);
    if (arithmetic != FP32) {
        require(sizeof(real) == sizeof(float),
                "products of bfloat16 add up floats, not doubles");
        gemm_bf16_function *kernel = arithmetic == BF16 ? gemm_tile : gemm_dot;
        kernel((void *)c, ldc, a.data, a.row, b.data, b.panel, m, n, k, accumulate);
        return;
    }
    panel_function *kernel = kernel_chosen(&choice)->panel;
    const real *a_data = a.data, *b_data = b.data;
    for (size_t i = 0; i < m; i += PRODUCT_ROWS) {
        size_t rows = m - i < PRODUCT_ROWS ? m - i : PRODUCT_ROWS;
        for (size_t p = 0; p < panels(n); ++p) {
            size_t first = p * PANEL, columns = n - first < PANEL ? n - first : PANEL;
            kernel(c + i * ldc + first, ldc, a_data + i * a.row, a.row, a.step,
                   b_data + p * b.panel, b.row, rows, columns, k, accumulate);
        }
    }
}
