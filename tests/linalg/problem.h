/// A matrix product with its operands in every form, and the numbers that it must give.
#ifndef MASKBOOK_TESTS_LINALG_PROBLEM_H
#define MASKBOOK_TESTS_LINALG_PROBLEM_H

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdlib.h>
#include <string.h>
#include <tgmath.h>

#include "core/base/rng.h"
#include "core/linalg/product.h"

/// Ways of computing one product, by bits.
enum { BY_COLUMNS = 1, IN_PANELS = 2, ADDED = 4, WAYS = 8 };

/// Numbers between the rows of every matrix: NaN in what is read, canaries in what is written.
enum { GAP = 3 };

/// Operands A (m,k) and B (k,n) in every form, and their product.
struct problem {
    size_t m, n, k;
    real *a, *a_columns; ///< (m,k + GAP), (k,m + GAP)
    real *b, *packed;    ///< (k,n + GAP), operand_b_size(k, n)
    real *want[2];       ///< (m,n) of k = 0, from 0 and from another matrix
    real *out[2];        ///< (m + 2,n + GAP) got and wanted
};

/// count reals, aligned as operands must be.
static inline real *reals(size_t count)
{
    void *memory;
    cr_assert_eq(posix_memalign(&memory, OPERAND_ALIGNMENT, count * sizeof(real)), 0);
    return memory;
}

/// A matrix of numbers in [-1,1) whose rows are `gap` NaNs apart.
static inline real *matrix(size_t rows, size_t columns, size_t gap, uint32_t stream)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, stream);
    real *x = reals(rows * (columns + gap)), *next = x;
    for (size_t r = 0; r < rows; ++r) {
        for (size_t i = 0; i < columns; ++i)
            *next++ = (real)(2 * rng_uniform(&rng) - 1);
        for (size_t i = 0; i < gap; ++i) *next++ = (real)NAN;
    }
    return x;
}

static inline struct problem problem_open(size_t m, size_t n, size_t k)
{
    struct problem p = {.m = m, .n = n, .k = k};
    p.a = matrix(m, k, GAP, 1);
    p.a_columns = matrix(k, m, GAP, 1);
    for (size_t l = 0; l < k; ++l)
        for (size_t i = 0; i < m; ++i)
            p.a_columns[l * (m + GAP) + i] = p.a[i * (k + GAP) + l];
    p.b = matrix(k, n, GAP, 2);
    p.packed = reals(operand_b_size(k, n));
    p.want[0] = matrix(m, n, 0, 3);
    p.want[1] = matrix(m, n, 0, 3);
    for (size_t i = 0; i < m * n; ++i) p.want[0][i] = 0;
    for (int o = 0; o < 2; ++o) p.out[o] = reals((m + 2) * (n + GAP));
    return p;
}

static inline void problem_close(struct problem *p)
{
    free(p->a), free(p->a_columns), free(p->b), free(p->packed);
    for (int o = 0; o < 2; ++o) free(p->want[o]), free(p->out[o]);
}

static inline struct operand_a a_of(const struct problem *p, int way)
{
    return way & BY_COLUMNS ? operand_a(p->a_columns, p->m + GAP, TRANSPOSED)
                            : operand_a(p->a, p->k + GAP, PLAIN);
}

/// The first k rows and n columns of B.
static inline struct operand_b b_of(const struct problem *p, int way, size_t k,
                                    size_t n)
{
    return way & IN_PANELS ? operand_b_pack(p->packed, p->b, p->n + GAP, PLAIN, k, n)
                           : operand_b(p->b, p->n + GAP);
}

/// The next multiply-add of every chain: number l.
static inline void chains_step(struct problem *p, size_t l)
{
    for (int added = 0; added < 2; ++added)
        for (size_t i = 0; i < p->m; ++i)
            for (size_t j = 0; j < p->n; ++j) {
                real *want = &p->want[added][i * p->n + j];
                *want =
                    fma(p->a[i * (p->k + GAP) + l], p->b[l * (p->n + GAP) + j], *want);
            }
}

/// Fills out[0] with canaries, and where `added` with the m x n numbers of the start; out[1] with
/// the same canaries around the numbers wanted. Returns C within out[0].
static inline real *canvas(struct problem *p, int added, const real *start, size_t m,
                           size_t n)
{
    const size_t ldc = n + GAP;
    for (int o = 0; o < 2; ++o) memset(p->out[o], 0xe5, (m + 2) * ldc * sizeof(real));
    for (size_t i = 0; i < m; ++i) {
        memcpy(p->out[1] + (i + 1) * ldc, p->want[added] + i * p->n, n * sizeof(real));
        if (added)
            memcpy(p->out[0] + (i + 1) * ldc, start + i * p->n, n * sizeof(real));
    }
    return p->out[0] + ldc;
}

/// Expects the first m rows, n columns and k terms, computed in that way, to equal the
/// chains.
static inline void expect_chains(struct problem *p, int way, struct operand_b right,
                                 const real *start, size_t m, size_t n, size_t k)
{
    const int added = (way & ADDED) != 0;
    real *c = canvas(p, added, start, m, n);
    product(c, n + GAP, a_of(p, way), right, FP32, m, n, k, added);
    cr_assert(!memcmp(p->out[0], p->out[1], (m + 2) * (n + GAP) * sizeof(real)),
              "%s: %zu x %zu x %zu, way %d", product_path(), m, n, k, way);
}

/// The paths whose bits are fixed.
static const char *const fused[] = {"AVX-512", "AVX2"};

static inline struct criterion_test_params fused_numbers(void)
{
    static int number[] = {0, 1};
    return cr_make_param_array(int, number, 2);
}

#define path_take(number)                                                              \
    do                                                                                 \
        if (!product_path_use(fused[number]))                                          \
            cr_skip_test("no path %s in this build or on this CPU", fused[number]);    \
    while (0)

#endif
