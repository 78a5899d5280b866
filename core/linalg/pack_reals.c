#include "core/linalg/pack_reals.h"

#include <string.h>

enum { SQUARE = 8 }; // side of the squares that are transposed in registers

typedef real square_row __attribute__((vector_size(SQUARE * sizeof(real))));

// Transposes by exchanging the off-diagonal squares of side S of rows i and i + S, for all i and
// S = 4, 2, 1. UPPER and LOWER: where column c of the new rows comes from, counted through both.
#define UPPER(c, S) ((c) & (S) ? SQUARE + (c) - (S) : (c))
#define LOWER(c, S) ((c) & (S) ? SQUARE + (c) : (c) + (S))
#define COLUMNS(AT, S)                                                                 \
    AT(0, S), AT(1, S), AT(2, S), AT(3, S), AT(4, S), AT(5, S), AT(6, S), AT(7, S)
#define EXCHANGE(S)                                                                    \
    for (int i = 0; i < SQUARE; ++i) {                                                 \
        if (i & (S)) continue;                                                         \
        square_row a = row[i], b = row[i + (S)];                                       \
        row[i] = __builtin_shufflevector(a, b, COLUMNS(UPPER, S));                     \
        row[i + (S)] = __builtin_shufflevector(a, b, COLUMNS(LOWER, S));               \
    }

// out (depth,SQUARE), PANEL numbers from row to row, = the transpose of in (across,depth), ld from
// row to row; the columns from `across` on are zeros.
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
    EXCHANGE(4)
    EXCHANGE(2)
    EXCHANGE(1)
    for (size_t i = 0; i < depth; ++i) memcpy(out + i * PANEL, &row[i], sizeof row[i]);
}

static void panel_transpose(real *restrict panel, const real *restrict b, size_t ldb,
                            size_t k, size_t columns)
{
    for (size_t l = 0; l < k; l += SQUARE)
        for (size_t j = 0; j < PANEL; j += SQUARE) {
            size_t rest = columns < j ? 0 : columns - j;
            square_transpose(panel + l * PANEL + j, b + j * ldb + l, ldb,
                             k - l < SQUARE ? k - l : SQUARE,
                             rest < SQUARE ? rest : SQUARE);
        }
}

static void panel_copy(real *restrict panel, const real *restrict b, size_t ldb,
                       size_t k, size_t columns)
{
    for (size_t l = 0; l < k; ++l) {
        memcpy(panel + l * PANEL, b + l * ldb, columns * sizeof(real));
        for (size_t j = columns; j < PANEL; ++j) panel[l * PANEL + j] = 0;
    }
}

void panel_pack(real *panel, const real *b, size_t ldb, enum transpose op, size_t k,
                size_t columns)
{
    if (op == PLAIN)
        panel_copy(panel, b, ldb, k, columns);
    else
        panel_transpose(panel, b, ldb, k, columns);
}
