#include "core/report/verdicts.h"

#include <math.h>

#include "tests/expect_close.h"
#include "tests/report/world.h"

#define NO  ((double)NAN)
#define FAR ((double)INFINITY)

TestSuite(verdicts, .init = world_open);

// The row of paper/claims.tsv.
static struct claim claim_named(const struct claims *claims, const char *id)
{
    const long row = tsv_row(&claims->table, "id", id);
    cr_assert_geq(row, 0, "no claim %s", id);
    return claims_row(claims, (size_t)row);
}

static void expect_verdict(int line, enum verdict got, enum verdict want)
{
    cr_expect(got == want, "line %d: %s, not %s", line, verdict_name(got),
              verdict_name(want));
}

static const struct {
    int line;
    double estimate, low, high, effect;
    enum verdict want;
} orderings[] = {
    // The bound e/2 itself is not above e/2.
    {__LINE__, 2, 1.01, 3, 2, VERDICT_REPRODUCED},
    {__LINE__, 2, 1, 3, 2, VERDICT_TREND_ONLY},
    {__LINE__, 2, .01, 4, 2, VERDICT_TREND_ONLY},
    // A small difference with an interval above 0 is a trend, also if the interval is below e/2.
    {__LINE__, .5, .2, .8, 2, VERDICT_TREND_ONLY},
    // low exactly 0 confirms nothing; high decides the rest.
    {__LINE__, 1, 0, 2, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, .5, 0, 1, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, .4, 0, .99, 2, VERDICT_NOT_REPRODUCED},
    {__LINE__, .4, -.2, .99, 2, VERDICT_NOT_REPRODUCED},
    {__LINE__, .4, -.2, 1, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, -1, -2, 0, 2, VERDICT_NOT_REPRODUCED},
    {__LINE__, -1, -2, -.5, 2, VERDICT_NOT_REPRODUCED},
    // Without a printed size only the direction counts.
    {__LINE__, 1, 1e-9, 2, 0, VERDICT_REPRODUCED},
    {__LINE__, 1, 0, 2, 0, VERDICT_INCONCLUSIVE},
    {__LINE__, 0, -1, 0, 0, VERDICT_INCONCLUSIVE},
    {__LINE__, -1, -2, -.1, 0, VERDICT_NOT_REPRODUCED},
    {__LINE__, 0, 0, 0, 0, VERDICT_NOT_REPRODUCED},
    // What is not finite decides nothing.
    {__LINE__, NO, 1.5, 3, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, 2, NO, 3, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, 2, 1.5, NO, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, FAR, 1.5, FAR, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, -1, -FAR, -.5, 2, VERDICT_INCONCLUSIVE},
};

Test(verdicts, an_ordering_is_judged_against_half_the_printed_effect)
{
    for (size_t i = 0; i < sizeof orderings / sizeof *orderings; ++i) {
        struct estimate d = {orderings[i].estimate, orderings[i].low, orderings[i].high,
                             100};
        expect_verdict(orderings[i].line, judge_ordering(&d, orderings[i].effect),
                       orderings[i].want);
    }
}

Test(verdicts, a_trend_is_a_direction_alone)
{
    expect_verdict(__LINE__, judge_trend(&(struct estimate){1, .1, 2, 9}),
                   VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_trend(&(struct estimate){1, 0, 2, 9}),
                   VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_trend(&(struct estimate){-1, -2, 0, 9}),
                   VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_trend(&(struct estimate){-1, -2, -.1, 9}),
                   VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_trend(&(struct estimate){1, NO, NO, 9}),
                   VERDICT_INCONCLUSIVE);
}

static const struct {
    int line;
    double low, high, margin;
    enum verdict want;
} bands[] = {
    {__LINE__, -.3, .3, .3, VERDICT_REPRODUCED},
    {__LINE__, -.31, .3, .3, VERDICT_INCONCLUSIVE},
    {__LINE__, -.3, .31, .3, VERDICT_INCONCLUSIVE},
    {__LINE__, .3, .9, .3, VERDICT_INCONCLUSIVE},
    {__LINE__, .31, .9, .3, VERDICT_NOT_REPRODUCED},
    {__LINE__, -.9, -.31, .3, VERDICT_NOT_REPRODUCED},
    {__LINE__, -.9, .9, .3, VERDICT_INCONCLUSIVE},
    {__LINE__, NO, .1, .3, VERDICT_INCONCLUSIVE},
    {__LINE__, -.1, NO, .3, VERDICT_INCONCLUSIVE},
};

Test(verdicts, equivalence_needs_the_whole_interval_within_the_margin)
{
    for (size_t i = 0; i < sizeof bands / sizeof *bands; ++i) {
        struct estimate d = {0, bands[i].low, bands[i].high, 100};
        expect_verdict(bands[i].line, judge_equivalence(&d, bands[i].margin),
                       bands[i].want);
    }
}

Test(verdicts, a_partition_has_to_reach_its_margin)
{
    expect_verdict(__LINE__, judge_partition(&(struct estimate){.1, .05, .2, 9}, .05),
                   VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_partition(&(struct estimate){.1, .049, .2, 9}, .05),
                   VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_partition(&(struct estimate){.01, 0, .05, 9}, .05),
                   VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_partition(&(struct estimate){.01, 0, .049, 9}, .05),
                   VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_partition(&(struct estimate){NO, .1, .2, 9}, .05),
                   VERDICT_INCONCLUSIVE);
}

Test(verdicts, an_identity_holds_within_its_bound_or_is_refuted)
{
    expect_verdict(__LINE__, judge_identity(1e-9, 1e-9), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_identity(-1e-9, 1e-9), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_identity(1.1e-9, 1e-9), VERDICT_REFUTED);
    expect_verdict(__LINE__, judge_identity(-1, 1e-9), VERDICT_REFUTED);
    expect_verdict(__LINE__, judge_identity(NO, 1e-9), VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_identity(0, NO), VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_exact(1), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_exact(0), VERDICT_NOT_REPRODUCED);
}

Test(verdicts, a_printed_number_stands_for_its_rounding)
{
    expect_verdict(__LINE__, judge_numeric(83.65, "83.6", 0), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(83.55, "83.6", 0), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(83.651, "83.6", 0), VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(83.549, "83.6", 0), VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(84.15, "83.6", .5), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(84.16, "83.6", .5), VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(-110.5, "-100", 10), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(-110.6, "-100", 10), VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(NO, "83.6", 99), VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_numeric(FAR, "83.6", 99), VERDICT_INCONCLUSIVE);
}

Test(
    verdicts,
    what_could_be_confirmed_is_above_what_is_asked_for_by_as_much_as_the_interval_goes_down)
{
    const struct estimate found = {.4, -.3, 1.9, 9}, open = {.5, NO, 1.2, 9};
    const struct claim ordering = {.kind = "ordering", .effect = 2},
                       trend = {.kind = "trend"},
                       partition = {.kind = "partition", .margin = .1},
                       equivalence = {.kind = "equivalence", .margin = .1};
    const double got[] = {confirmable_difference(&ordering, &found),
                          confirmable_difference(&trend, &found),
                          confirmable_difference(&partition, &found)},
                 want[] = {1.7, .7, .8};
    expect_close(got, want, 3, 1e-15, 0);
    cr_expect(isnan(confirmable_difference(&equivalence, &found)));
    cr_expect(isnan(confirmable_difference(&trend, &open)));
    // An estimate of that size with such an interval is confirmed, just.
    cr_expect_eq(claim_judge(&ordering, &(struct estimate){1.71, 1.01, 3.21, 9}),
                 VERDICT_REPRODUCED);
    cr_expect_eq(claim_judge(&ordering, &(struct estimate){1.69, .99, 3.19, 9}),
                 VERDICT_TREND_ONLY);
}

Test(verdicts, names_and_verdicts_are_one_to_one)
{
    for (int v = VERDICT_REPRODUCED; v <= VERDICT_NOT_RUN; ++v)
        cr_expect_eq(verdict_find(verdict_name((enum verdict)v)), v);
    cr_expect_eq(verdict_find("STALE"), -1);
    cr_expect_eq(verdict_find(""), -1);
}

Test(verdicts, a_failed_part_decides_over_one_that_was_not_run)
{
    static const enum verdict order[] = {VERDICT_REPRODUCED, VERDICT_REPRODUCED_SCALED,
                                         VERDICT_TREND_ONLY, VERDICT_INCONCLUSIVE,
                                         VERDICT_NOT_RUN,    VERDICT_NOT_REPRODUCED,
                                         VERDICT_REFUTED};
    for (size_t a = 0; a < 7; ++a)
        for (size_t b = 0; b < 7; ++b)
            expect_verdict(__LINE__, verdict_worst(order[a], order[b]),
                           order[a > b ? a : b]);
}

// A verdict that was found, the conditions, and the verdict that the cap makes of it.
struct cap {
    int line;
    struct conditions conditions;
    const char *id;
    enum verdict before, want;
};

static const struct cap caps[] = {
    // The desk tier gives REPRODUCED-SCALED, the paper tier REPRODUCED.
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 0},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED_SCALED},
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 0},
     "order",
     VERDICT_TREND_ONLY,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 0},
     "order",
     VERDICT_NOT_REPRODUCED,
     VERDICT_NOT_REPRODUCED},
    {__LINE__,
     {TIER_PAPER, "cifar10", 0, 0, 0},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
    {__LINE__,
     {TIER_PAPER, "cifar10", 0, 0, 0},
     "accuracy",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
    // A printed accuracy is judged at the paper tier only, also when it is missed.
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 0},
     "accuracy",
     VERDICT_NOT_REPRODUCED,
     VERDICT_NOT_RUN},
    // Planted data caps what is not about planted data; smoke caps both.
    {__LINE__,
     {TIER_DESK, "planted", 0, 0, 0},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_DESK, "planted", 0, 0, 0},
     "map",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED_SCALED},
    {__LINE__,
     {TIER_SMOKE, "planted", 0, 0, 0},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_SMOKE, "planted", 0, 0, 0},
     "map",
     VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_SMOKE, "planted", 0, 0, 0},
     "order",
     VERDICT_INCONCLUSIVE,
     VERDICT_INCONCLUSIVE},
    // A claim about other data is NOT-RUN.
    {__LINE__,
     {TIER_SMOKE, "planted", 0, 0, 0},
     "cifar",
     VERDICT_REPRODUCED,
     VERDICT_NOT_RUN},
    {__LINE__,
     {TIER_DESK, "planted", 0, 0, 0},
     "cifar",
     VERDICT_REPRODUCED,
     VERDICT_NOT_RUN},
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 0},
     "image",
     VERDICT_REPRODUCED,
     VERDICT_NOT_RUN},
    {__LINE__,
     {TIER_PAPER, "cifar10", 0, 0, 0},
     "map",
     VERDICT_REPRODUCED,
     VERDICT_NOT_RUN},
    // Fewer than three pretrainings an arm show a trend.
    {__LINE__,
     {TIER_PAPER, "cifar10", 0, 2, 0},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_PAPER, "cifar10", 0, 3, 0},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 1, 0},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 1, 0},
     "order",
     VERDICT_NOT_REPRODUCED,
     VERDICT_NOT_REPRODUCED},
    // A pilot shows a trend at best; its failure decides nothing.
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 3, 0},
     "order",
     VERDICT_REPRODUCED_SCALED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "order",
     VERDICT_TREND_ONLY,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "order",
     VERDICT_INCONCLUSIVE,
     VERDICT_INCONCLUSIVE},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "order",
     VERDICT_NOT_REPRODUCED,
     VERDICT_INCONCLUSIVE},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 1, 0},
     "rise",
     VERDICT_NOT_REPRODUCED,
     VERDICT_INCONCLUSIVE},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "other",
     VERDICT_REFUTED,
     VERDICT_INCONCLUSIVE},
    {__LINE__,
     {TIER_SMOKE, "planted", 1, 0, 0},
     "map",
     VERDICT_NOT_REPRODUCED,
     VERDICT_INCONCLUSIVE},
    {__LINE__,
     {TIER_PAPER, "cifar10", 1, 0, 0},
     "accuracy",
     VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_PAPER, "cifar10", 1, 0, 0},
     "accuracy",
     VERDICT_NOT_REPRODUCED,
     VERDICT_INCONCLUSIVE},
    // A pilot does not change what cannot be judged here, or needs no weights.
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "accuracy",
     VERDICT_NOT_REPRODUCED,
     VERDICT_NOT_RUN},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "pure",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "pure",
     VERDICT_NOT_REPRODUCED,
     VERDICT_NOT_REPRODUCED},
    {__LINE__,
     {TIER_DESK, "cifar10", 1, 0, 0},
     "sum",
     VERDICT_REFUTED,
     VERDICT_REFUTED},
    // Epochs of the user's own, more than the recipe's too, show a trend; a failure stays one.
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 1},
     "order",
     VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 1},
     "order",
     VERDICT_NOT_REPRODUCED,
     VERDICT_NOT_REPRODUCED},
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 1},
     "pure",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
    // On a folder of images only claims about ImageNet-1K can be judged.
    {__LINE__,
     {TIER_PAPER, "imagefolder", 0, 0, 0},
     "image",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
    {__LINE__,
     {TIER_PAPER, "imagefolder", 0, 0, 0},
     "cifar",
     VERDICT_REPRODUCED,
     VERDICT_NOT_RUN},
    // Mathematics is never capped.
    {__LINE__,
     {TIER_SMOKE, "planted", 0, 0, 0},
     "pure",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
    {__LINE__,
     {TIER_SMOKE, "planted", 0, 1, 0},
     "sum",
     VERDICT_REFUTED,
     VERDICT_REFUTED},
    {__LINE__,
     {TIER_DESK, "cifar10", 0, 0, 0},
     "sum",
     VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
};

Test(verdicts, tier_data_pretrainings_and_pilots_cap_what_a_claim_can_earn)
{
    struct claims claims;
    claims_read(&claims, "paper/claims.tsv");
    for (size_t i = 0; i < sizeof caps / sizeof *caps; ++i) {
        const struct claim claim = claim_named(&claims, caps[i].id);
        expect_verdict(caps[i].line,
                       verdict_cap(caps[i].before, &claim, &caps[i].conditions),
                       caps[i].want);
    }
    claims_free(&claims);
}

// It holds at all weights and on all images, or fails: a pilot's are as good as any.
Test(verdicts, an_identity_on_trained_weights_is_never_capped)
{
    const struct conditions pilot = {TIER_SMOKE, "planted", 1, 1, 1};
    const struct claim trained = {.kind = "identity", .data = "any", .tier = "smoke"},
                       photographs = {
                           .kind = "identity", .data = "cifar10", .tier = "smoke"};
    expect_verdict(__LINE__, verdict_cap(VERDICT_REPRODUCED, &trained, &pilot),
                   VERDICT_REPRODUCED);
    expect_verdict(__LINE__, verdict_cap(VERDICT_REFUTED, &trained, &pilot),
                   VERDICT_REFUTED);
    expect_verdict(__LINE__, verdict_cap(VERDICT_REPRODUCED, &photographs, &pilot),
                   VERDICT_NOT_RUN);
}

Test(verdicts, the_kind_in_the_table_chooses_the_rule)
{
    static const struct {
        const char *id;
        struct estimate d;
        enum verdict want;
    } cases[] = {
        {"order", {2, 1.5, 3, 9}, VERDICT_REPRODUCED},
        {"order", {2, .5, 3, 9}, VERDICT_TREND_ONLY},
        {"rise", {2, .5, 3, 9}, VERDICT_REPRODUCED},
        {"same", {0, -.2, .2, 9}, VERDICT_REPRODUCED},
        {"map", {.1, .06, .2, 9}, VERDICT_REPRODUCED},
        {"sum", {2e-9, NO, NO, 0}, VERDICT_REFUTED},
        {"accuracy", {84.15, NO, NO, 9}, VERDICT_REPRODUCED},
        {"accuracy", {84.25, NO, NO, 9}, VERDICT_NOT_REPRODUCED},
    };
    struct claims claims;
    claims_read(&claims, "paper/claims.tsv");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        const struct claim claim = claim_named(&claims, cases[i].id);
        expect_verdict((int)i, claim_judge(&claim, &cases[i].d), cases[i].want);
    }
    claims_free(&claims);
}

static void judge_backwards(const void *unused)
{
    (void)unused;
    judge_trend(&(struct estimate){1, 2, 0, 9});
}

static void judge_words(const void *unused)
{
    (void)unused;
    judge_numeric(1, "curves", 0);
}

static void judge_negative(const void *unused)
{
    (void)unused;
    judge_ordering(&(struct estimate){1, 0, 2, 9}, -1);
}

Test(verdicts, a_broken_contract_aborts)
{
    expect_death(__LINE__, judge_backwards, NULL, -6, "is empty");
    expect_death(__LINE__, judge_words, NULL, -6, "not a printed number");
    expect_death(__LINE__, judge_negative, NULL, -6, "is negative");
}
