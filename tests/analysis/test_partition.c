#include "core/analysis/partition.h"

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/expect_close.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <string.h>

// adjusted_rand_score(truth, found) of scikit-learn 1.2.1, and the mean IoU of the matching that
// linear_sum_assignment of scipy 1.10.1 finds for the table of IoUs.
static const struct known {
    size_t k;
    const char *truth, *found;
    double ari, iou;
} known[] = {
    {2, "111000000111111111110110", "001101111000101010001011", 0.2198492462311558,
     0.5927601809954751},
    {3, "001212002200211021222020", "112222120002022120000122", 0.15222399432925748,
     0.46296296296296297},
    {4, "102313130110330331122103", "230010111231002102033230", 0.20398009950248755,
     0.39999999999999997},
    {4, "310330233133000100122132", "223001320200211311222032", 0.22343265276675564,
     0.42371031746031745},
    // Every pair separate in one and together in the other.
    {4, "0000", "0123", 0, .25},
    {4, "0123", "0000", 0, .0625},
    // One part in both: the formula is 0/0.
    {4, "000000", "333333", 1, 1},
    // Worse than chance.
    {2, "0101", "0011", -.5, 1. / 3},
};
enum { KNOWN = sizeof known / sizeof *known, ITEMS = 64 };

static size_t labels_read(uint8_t *labels, const char *text)
{
    size_t n = strlen(text);
    for (size_t i = 0; i < n; ++i) labels[i] = (uint8_t)(text[i] - '0');
    return n;
}

// labels (n) drawn from 0..k-1, from the stream `number`.
static void labels_draw(uint8_t *labels, size_t n, uint32_t k, uint32_t number)
{
    struct rng rng = rng_open(11, PURPOSE_TEST, 0, number);
    for (size_t i = 0; i < n; ++i) labels[i] = (uint8_t)rng_below(&rng, k);
}

ParameterizedTestParameters(partition, equals_scikit_learn_and_scipy)
{
    static int numbers[KNOWN];
    for (int i = 0; i < KNOWN; ++i) numbers[i] = i;
    return cr_make_param_array(int, numbers, KNOWN);
}

ParameterizedTest(int *number, partition, equals_scikit_learn_and_scipy)
{
    const struct known *want = &known[*number];
    uint8_t truth[ITEMS], found[ITEMS], match[PARTITION_LABELS];
    size_t n = labels_read(truth, want->truth);
    cr_assert_eq(labels_read(found, want->found), n);
    double ari = partition_ari(truth, found, n);
    double iou = partition_match(match, truth, found, n, want->k);
    expect_close(&ari, &want->ari, 1, 1e-15, 0);
    expect_close(&iou, &want->iou, 1, 1e-15, 0);
}

// The adjusted Rand index from a count of all n*(n-1)/2 pairs.
static double ari_by_pairs(const uint8_t *a, const uint8_t *b, size_t n)
{
    double same[2][2] = {{0}};
    for (size_t i = 0; i < n; ++i)
        for (size_t j = i + 1; j < n; ++j) ++same[a[i] == a[j]][b[i] == b[j]];
    double all = (double)(n * (n - 1) / 2);
    double in_a = same[1][0] + same[1][1], in_b = same[0][1] + same[1][1];
    double expected = in_a * in_b / all;
    return (same[1][1] - expected) / ((in_a + in_b) / 2 - expected);
}

Test(partition, index_is_that_of_the_pairs_written_out_and_symmetric)
{
    uint8_t a[ITEMS], b[ITEMS];
    for (uint32_t draw = 0; draw < 200; ++draw) {
        labels_draw(a, ITEMS, 2 + draw % 3, 2 * draw);
        labels_draw(b, ITEMS, 2 + draw / 3 % 3, 2 * draw + 1);
        for (size_t i = 0; i < draw % ITEMS; ++i) b[i] = a[i];
        double got = partition_ari(a, b, ITEMS), want = ari_by_pairs(a, b, ITEMS);
        expect_close(&got, &want, 1, 1e-12, 1e-14);
        cr_expect(partition_ari(b, a, ITEMS) == got);
    }
}

Test(partition, index_of_independent_labels_is_zero_on_average)
{
    // 4,000 draws of 64 items; the index of one draw has a standard deviation of about .02.
    uint8_t a[ITEMS], b[ITEMS];
    double sum = 0;
    for (uint32_t draw = 0; draw < 4000; ++draw) {
        labels_draw(a, ITEMS, 3, 1000 + 2 * draw);
        labels_draw(b, ITEMS, 4, 1001 + 2 * draw);
        sum += partition_ari(a, b, ITEMS);
    }
    cr_expect(fabs(sum / 4000) < .002, "on average %g", sum / 4000);
}

// Calls check(renamed, names, context) for each renaming of labels 0..3.
static void each_renaming(const uint8_t *labels, size_t n,
                          void (*check)(const uint8_t *renamed, const uint8_t *names))
{
    uint8_t renamed[ITEMS], names[4];
    for (unsigned code = 0; code < 256; ++code) {
        unsigned taken = 0;
        for (int l = 0; l < 4; ++l) {
            names[l] = (uint8_t)(code >> 2 * l & 3);
            taken |= 1U << names[l];
        }
        if (taken != 15) continue;
        for (size_t i = 0; i < n; ++i) renamed[i] = names[labels[i]];
        check(renamed, names);
    }
}

static uint8_t truth_drawn[ITEMS], found_drawn[ITEMS];
static int renamings;

static void check_renamed(const uint8_t *renamed, const uint8_t *names)
{
    uint8_t match[4], match_renamed[4];
    double iou = partition_match(match, truth_drawn, found_drawn, ITEMS, 4);
    cr_expect(partition_ari(truth_drawn, renamed, ITEMS) ==
              partition_ari(truth_drawn, found_drawn, ITEMS));
    double other = partition_match(match_renamed, truth_drawn, renamed, ITEMS, 4);
    expect_close(&other, &iou, 1, 1e-15, 0);
    for (int l = 0; l < 4; ++l) cr_expect_eq(match_renamed[names[l]], match[l]);
    ++renamings;
}

Test(partition, names_of_labels_do_not_matter)
{
    labels_draw(truth_drawn, ITEMS, 4, 1);
    labels_draw(found_drawn, ITEMS, 4, 2);
    for (size_t i = 0; i < 40; ++i) found_drawn[i] = (truth_drawn[i] + 1) % 4;
    each_renaming(found_drawn, ITEMS, check_renamed);
    cr_expect_eq(renamings, 24);
}

static void check_equal(const uint8_t *renamed, const uint8_t *names)
{
    uint8_t match[4];
    cr_expect(partition_match(match, truth_drawn, renamed, ITEMS, 4) == 1);
    cr_expect(partition_ari(truth_drawn, renamed, ITEMS) == 1);
    for (int l = 0; l < 4; ++l) cr_expect_eq(match[names[l]], l);
}

Test(partition, a_renamed_partition_is_the_same_one_and_its_names_are_found)
{
    labels_draw(truth_drawn, ITEMS, 4, 3);
    each_renaming(truth_drawn, ITEMS, check_equal);
}

Test(partition, of_equally_good_matchings_the_first_is_taken)
{
    const uint8_t truth[] = {0, 0, 1, 1}, found[] = {0, 1, 0, 1};
    uint8_t match[4];
    partition_match(match, truth, found, 4, 2);
    cr_expect(match[0] == 0 && match[1] == 1);
}

Test(partition, parts_that_are_not_in_the_truth_earn_nothing)
{
    // Region 2 of 3 is absent, and the third cluster covers a quarter of region 1.
    const uint8_t truth[] = {0, 0, 0, 0, 1, 1, 1, 1};
    const uint8_t found[] = {2, 2, 2, 2, 0, 0, 0, 1};
    uint8_t match[4];
    double got = partition_match(match, truth, found, 8, 3), want = (1 + .75) / 2;
    expect_close(&got, &want, 1, 1e-15, 0);
    cr_expect(match[0] == 1 && match[1] == 2 && match[2] == 0);
}

Test(partition, counts_pairs_of_the_largest_partitions_exactly)
{
    // Halves and quarters of 2^15 items: every pair in a quarter is in a half.
    static uint8_t a[PARTITION_ITEMS], b[PARTITION_ITEMS];
    for (size_t i = 0; i < PARTITION_ITEMS; ++i) {
        a[i] = (uint8_t)(i * 2 / PARTITION_ITEMS);
        b[i] = (uint8_t)(i * 4 / PARTITION_ITEMS);
    }
    double n = PARTITION_ITEMS, p = 4 * (n / 4) * (n / 4 - 1) / 2;
    double in_a = 2 * (n / 2) * (n / 2 - 1) / 2, all = n * (n - 1) / 2;
    double want = (p - in_a * p / all) / ((in_a + p) / 2 - in_a * p / all);
    double got = partition_ari(a, b, PARTITION_ITEMS);
    expect_close(&got, &want, 1, 1e-13, 0);
}

BREAKS(partition, refuses_a_label_too_large, "a[i] < k && b[i] < k")
{
    const uint8_t a[] = {0, 1}, b[] = {0, PARTITION_LABELS};
    partition_ari(a, b, 2);
}

BREAKS(partition, refuses_to_match_too_many, "k > 0 && k <= PARTITION_MATCHED")
{
    const uint8_t a[] = {0, 1};
    uint8_t match[PARTITION_LABELS];
    partition_match(match, a, a, 2, PARTITION_MATCHED + 1);
}

BREAKS(partition, refuses_nothing, "n > 0 && n <= PARTITION_ITEMS")
{
    const uint8_t a[] = {0};
    partition_ari(a, a, 0);
}
