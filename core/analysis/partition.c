#include "core/analysis/partition.h"

#include "core/base/die.h"

enum { K = PARTITION_LABELS };

// table[i][j] = the number of items with label i in a and j in b.
static void contingency(int64_t table[K][K], const uint8_t *a, const uint8_t *b,
                        size_t n, size_t k)
{
    require(n > 0 && n <= PARTITION_ITEMS, "partitions of %zu items", n);
    for (size_t i = 0; i < K; ++i)
        for (size_t j = 0; j < K; ++j) table[i][j] = 0;
    for (size_t i = 0; i < n; ++i) {
        require(a[i] < k && b[i] < k, "item %zu has labels %d and %d of %zu", i, a[i],
                b[i], k);
        ++table[a[i]][b[i]];
    }
}

static int64_t pairs(int64_t items)
{
    return items * (items - 1) / 2;
}

double partition_ari(const uint8_t *a, const uint8_t *b, size_t n)
{
    int64_t table[K][K], together = 0, in_a = 0, in_b = 0;
    contingency(table, a, b, n, K);
    for (size_t i = 0; i < K; ++i) {
        int64_t row = 0, column = 0;
        for (size_t j = 0; j < K; ++j) {
            together += pairs(table[i][j]);
            row += table[i][j];
            column += table[j][i];
        }
        in_a += pairs(row);
        in_b += pairs(column);
    }
    int64_t q = in_a - together, r = in_b - together;
    int64_t d = pairs((int64_t)n) - together - q - r;
    if (q == 0 && r == 0) return 1;
    return 2. * (double)(together * d - q * r) /
           (double)(in_a * (q + d) + in_b * (r + d));
}

// ====== Matchings ======

// labels (k) = the digits of `code` in base k, the most significant first. Returns whether all are
// different.
static int matching_decode(uint8_t *labels, size_t code, size_t k)
{
    unsigned taken = 0;
    for (size_t i = k; i-- > 0; code /= k) {
        labels[i] = (uint8_t)(code % k);
        taken |= 1U << labels[i];
    }
    return taken + 1 == 1U << k;
}

double partition_match(uint8_t *match, const uint8_t *truth, const uint8_t *found,
                       size_t n, size_t k)
{
    require(k > 0 && k <= PARTITION_MATCHED, "a matching of %zu labels", k);
    int64_t table[K][K], rows[K] = {0}, columns[K] = {0};
    contingency(table, found, truth, n, k);
    double present = 0, overlap[K][K];
    for (size_t i = 0; i < k; ++i) {
        for (size_t j = 0; j < k; ++j) {
            rows[i] += table[i][j];
            columns[i] += table[j][i];
        }
        present += columns[i] > 0;
    }
    for (size_t i = 0; i < k; ++i)
        for (size_t j = 0; j < k; ++j) {
            int64_t either = rows[i] + columns[j] - table[i][j];
            overlap[i][j] = either ? (double)table[i][j] / (double)either : 0;
        }

    // All k^k maps of labels; k! of them are matchings.
    double best = -1;
    size_t maps = 1;
    for (size_t i = 0; i < k; ++i) maps *= k;
    for (size_t code = 0; code < maps; ++code) {
        uint8_t labels[K];
        double sum = 0;
        if (!matching_decode(labels, code, k)) continue;
        for (size_t i = 0; i < k; ++i) sum += overlap[i][labels[i]];
        if (sum <= best) continue;
        best = sum;
        for (size_t i = 0; i < k; ++i) match[i] = labels[i];
    }
    return best / present;
}
