#include "core/linalg/product.h"

#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "core/linalg/strip.h"
#include "core/linalg/tiles.h"

// ====== The path ======

// A path multiplies by a strip; the portable one leaves that to OpenBLAS.
static void strip_openblas(real *c, size_t ldc, const real *a, size_t row, size_t step,
                           const real *b, size_t ldb, size_t m, size_t n, size_t k,
                           int accumulate)
{
    enum transpose op = step == 1 ? PLAIN : TRANSPOSED;
    gemm_strided(c, ldc, 1, a, op == PLAIN ? row : step, op, b, ldb, PLAIN, m, n, k,
                 accumulate ? 1 : 0);
}

struct path {
    const char *name;
    void (*strip)(real *c, size_t ldc, const real *a, size_t row, size_t step,
                  const real *b, size_t ldb, size_t m, size_t n, size_t k,
                  int accumulate);
};

static const struct path paths[] = {
#ifndef REAL_DOUBLE
    {"AVX-512", strip_avx512},
    {"AVX2", strip_avx2},
#endif
    {"OpenBLAS", strip_openblas},
};
enum { PATHS = sizeof paths / sizeof *paths };

static int path_runs(const struct path *path)
{
    if (!strcmp(path->name, "AVX-512")) return cpu_has_avx512();
    if (!strcmp(path->name, "AVX2")) return cpu_has_avx2();
    return 1;
}

static _Atomic(const struct path *) path_chosen;

static const struct path *path_choose(void)
{
    if (!coretype_fuses()) return &paths[PATHS - 1];
    const struct path *path = paths;
    while (!path_runs(path)) ++path;
    return path;
}

// Two threads that come first together choose the same.
static const struct path *path_now(void)
{
    const struct path *path = atomic_load_explicit(&path_chosen, memory_order_relaxed);
    if (path) return path;
    path = path_choose();
    atomic_store_explicit(&path_chosen, path, memory_order_relaxed);
    return path;
}

const char *product_path(void)
{
    return path_now()->name;
}

int product_path_use(const char *name)
{
    if (!name) {
        atomic_store(&path_chosen, path_choose());
        return 1;
    }
    for (size_t p = 0; p < PATHS; ++p) {
        if (strcmp(paths[p].name, name) != 0 || !path_runs(&paths[p])) continue;
        atomic_store(&path_chosen, &paths[p]);
        return 1;
    }
    return 0;
}

// ====== Factors ======

struct left left_reals(const real *a, size_t lda, enum transpose op)
{
    return op == PLAIN ? (struct left){a, lda, 1} : (struct left){a, 1, lda};
}

struct left left_skip(struct left a, size_t rows, enum arithmetic arithmetic)
{
    size_t number = arithmetic == FP32 ? sizeof(real) : sizeof(uint16_t);
    return (struct left){(const char *)a.data + rows * a.row * number, a.row, a.step};
}

struct right right_reals(const real *b, size_t ldb)
{
    return (struct right){b, ldb, STRIP};
}

static size_t strips(size_t n)
{
    return (n + STRIP - 1) / STRIP;
}

size_t right_reals_size(size_t k, size_t n)
{
    return k * strips(n) * STRIP;
}

enum { SQUARE = 16 }; // side of the pieces that are transposed at a time

typedef real square_row __attribute__((vector_size(SQUARE * sizeof(real))));

// Rows i and i + S exchange their off-diagonal squares of side S: all i, for S = 8, 4, 2, 1, transpose. UPPER
// and LOWER are what column c of the two rows becomes, counted through both.
#define UPPER(c, S) ((c) & (S) ? SQUARE + (c) - (S) : (c))
#define LOWER(c, S) ((c) & (S) ? SQUARE + (c) : (c) + (S))
#define COLUMNS(AT, S)                                                                 \
    AT(0, S), AT(1, S), AT(2, S), AT(3, S), AT(4, S), AT(5, S), AT(6, S), AT(7, S),    \
        AT(8, S), AT(9, S), AT(10, S), AT(11, S), AT(12, S), AT(13, S), AT(14, S),     \
        AT(15, S)
#define EXCHANGE(S)                                                                    \
    for (int i = 0; i < SQUARE; ++i) {                                                 \
        if (i & (S)) continue;                                                         \
        square_row a = row[i], b = row[i + (S)];                                       \
        row[i] = __builtin_shufflevector(a, b, COLUMNS(UPPER, S));                     \
        row[i + (S)] = __builtin_shufflevector(a, b, COLUMNS(LOWER, S));               \
    }

// A square of B^T: out (SQUARE,SQUARE), STRIP numbers from row to row, from `across` rows of `depth`
// numbers, zeros for the rest.
static KERNEL void square_transpose(real *restrict out, const real *restrict in,
                                    size_t ld, size_t depth, size_t across)
{
    square_row row[SQUARE];
    for (size_t i = 0; i < SQUARE; ++i) {
        row[i] = (square_row){0};
        if (i < across && depth == SQUARE)
            memcpy(&row[i], in + i * ld, sizeof row[i]);
        else if (i < across)
            memcpy(&row[i], in + i * ld, depth * sizeof(real));
    }
    EXCHANGE(8)
    EXCHANGE(4)
    EXCHANGE(2)
    EXCHANGE(1)
    for (size_t i = 0; i < depth; ++i) memcpy(out + i * STRIP, &row[i], sizeof row[i]);
}

// A strip of B^T: strip (k,STRIP) from `columns` rows of B.
static void strip_transpose(real *restrict strip, const real *restrict b, size_t ldb,
                            size_t k, size_t columns)
{
    for (size_t l = 0; l < k; l += SQUARE)
        for (size_t j = 0; j < STRIP; j += SQUARE) {
            size_t left = columns < j ? 0 : columns - j;
            square_transpose(strip + l * STRIP + j, b + j * ldb + l, ldb,
                             k - l < SQUARE ? k - l : SQUARE,
                             left < SQUARE ? left : SQUARE);
        }
}

static void strip_copy(real *restrict strip, const real *restrict b, size_t ldb,
                       size_t k, size_t columns)
{
    for (size_t l = 0; l < k; ++l) {
        memcpy(strip + l * STRIP, b + l * ldb, columns * sizeof(real));
        for (size_t j = columns; j < STRIP; ++j) strip[l * STRIP + j] = 0;
    }
}

struct right right_pack(real *storage, const real *b, size_t ldb, enum transpose op,
                        size_t k, size_t n)
{
    require(k > 0 && n > 0 && (uintptr_t)storage % FACTOR_ALIGNMENT == 0,
            "a factor %zu x %zu at %p", k, n, (void *)storage);
    for (size_t s = 0; s < strips(n); ++s) {
        size_t first = s * STRIP, columns = n - first < STRIP ? n - first : STRIP;
        real *strip = storage + s * k * STRIP;
        if (op == PLAIN)
            strip_copy(strip, b + first, ldb, k, columns);
        else
            strip_transpose(strip, b + first * ldb, ldb, k, columns);
    }
    return (struct right){storage, STRIP, k * STRIP};
}

// ====== Products ======

// Rows of A that are multiplied by every strip before the next ones: they stay in the first-level cache
// while B streams from the second.
enum { PANEL_ROWS = 56 };

void product(real *c, size_t ldc, struct left a, struct right b,
             enum arithmetic arithmetic, size_t m, size_t n, size_t k, int accumulate)
{
    require(m > 0 && n > 0 && k > 0 && ldc >= n, "product %zu x %zu x %zu, ldc %zu", m,
            n, k, ldc);
    if (arithmetic == BF16) {
        require(sizeof(real) == sizeof(float),
                "products of bfloat16 add up floats, not doubles");
        tiles_product((void *)c, ldc, a.data, a.row, b.data, b.strip, m, n, k,
                      accumulate);
        return;
    }
    const struct path *path = path_now();
    const real *a_data = a.data, *b_data = b.data;
    for (size_t i = 0; i < m; i += PANEL_ROWS) {
        size_t rows = m - i < PANEL_ROWS ? m - i : PANEL_ROWS;
        for (size_t s = 0; s < strips(n); ++s) {
            size_t first = s * STRIP, columns = n - first < STRIP ? n - first : STRIP;
            path->strip(c + i * ldc + first, ldc, a_data + i * a.row, a.row, a.step,
                        b_data + s * b.strip, b.row, rows, columns, k, accumulate);
        }
    }
}
