#include "core/report/claims.h"

#include <math.h>

#include "tests/expect_close.h"
#include "tests/report/world.h"

#define NO  ((double)NAN)
#define FAR ((double)INFINITY)

TestSuite(claims, .init = world_open);

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
    // A small but certain difference is a trend before it is anything else.
    {__LINE__, .5, .2, .8, 2, VERDICT_TREND_ONLY},
    // low exactly 0 confirms nothing; high decides the rest.
    {__LINE__, 1, 0, 2, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, .5, 0, 1, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, .4, 0, .99, 2, VERDICT_NOT_REPRODUCED},
    {__LINE__, .4, -.2, .99, 2, VERDICT_NOT_REPRODUCED},
    {__LINE__, .4, -.2, 1, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, -1, -2, 0, 2, VERDICT_NOT_REPRODUCED},
    {__LINE__, -1, -2, -.5, 2, VERDICT_NOT_REPRODUCED},
    // Without a printed size the direction is all.
    {__LINE__, 1, 1e-9, 2, 0, VERDICT_REPRODUCED},
    {__LINE__, 1, 0, 2, 0, VERDICT_INCONCLUSIVE},
    {__LINE__, 0, -1, 0, 0, VERDICT_NOT_REPRODUCED},
    {__LINE__, 0, 0, 0, 0, VERDICT_NOT_REPRODUCED},
    // What is not a number decides nothing.
    {__LINE__, NO, 1.5, 3, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, 2, NO, 3, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, 2, 1.5, NO, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, FAR, 1.5, FAR, 2, VERDICT_INCONCLUSIVE},
    {__LINE__, -1, -FAR, -.5, 2, VERDICT_INCONCLUSIVE},
};

Test(claims, an_ordering_is_judged_against_half_the_printed_effect)
{
    for (size_t i = 0; i < sizeof orderings / sizeof *orderings; ++i) {
        struct estimate d = {orderings[i].estimate, orderings[i].low, orderings[i].high,
                             100};
        expect_verdict(orderings[i].line, judge_ordering(&d, orderings[i].effect),
                       orderings[i].want);
    }
}

Test(claims, a_trend_is_a_direction_alone)
{
    expect_verdict(__LINE__, judge_trend(&(struct estimate){1, .1, 2, 9}),
                   VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_trend(&(struct estimate){1, 0, 2, 9}),
                   VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_trend(&(struct estimate){-1, -2, 0, 9}),
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

Test(claims, equivalence_needs_the_whole_interval_within_the_margin)
{
    for (size_t i = 0; i < sizeof bands / sizeof *bands; ++i) {
        struct estimate d = {0, bands[i].low, bands[i].high, 100};
        expect_verdict(bands[i].line, judge_equivalence(&d, bands[i].margin),
                       bands[i].want);
    }
}

Test(claims, a_partition_has_to_reach_its_margin)
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

Test(claims, an_identity_holds_within_its_bound_or_is_refuted)
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

static const struct {
    int line;
    const char *text;
    int parses;
    double value, half;
} printed[] = {
    {__LINE__, "83.6", 1, 83.6, .05},
    {__LINE__, "64.40", 1, 64.4, .005},
    {__LINE__, "90", 1, 90, .5},
    {__LINE__, "+12.2", 1, 12.2, .05},
    {__LINE__, "-0.5 points", 1, -.5, .05},
    {__LINE__, "64.4 %", 1, 64.4, .05},
    {__LINE__, "64.4%", 1, 64.4, .05},
    {__LINE__, "7,212,684", 1, 7212684, .5},
    {__LINE__, "2.5e-3", 1, 2.5e-3, .05e-3},
    {__LINE__, "1e-9", 1, 1e-9, .5e-9},
    {__LINE__, "", 0, 0, 0},
    {__LINE__, "curves", 0, 0, 0},
    {__LINE__, ".", 0, 0, 0},
    {__LINE__, "83.", 0, 0, 0},
    {__LINE__, "83.6 +- 0.1", 0, 0, 0},
    {__LINE__, "0.15 / 0.75", 0, 0, 0},
    {__LINE__, "83.6.1", 0, 0, 0},
    {__LINE__, "1 - m", 0, 0, 0},
    {__LINE__, "1e999", 0, 0, 0},
    {__LINE__, "nan", 0, 0, 0},
};

Test(claims, half_the_last_digit_is_read_from_the_number_as_printed)
{
    for (size_t i = 0; i < sizeof printed / sizeof *printed; ++i) {
        double got[2] = {0}, want[2] = {printed[i].value, printed[i].half};
        int parses = printed_parse(&got[0], &got[1], printed[i].text);
        cr_expect(parses == printed[i].parses, "line %d: '%s'", printed[i].line,
                  printed[i].text);
        if (parses && printed[i].parses) expect_close(got, want, 2, 1e-15, 0);
    }
}

Test(claims, a_printed_number_stands_for_its_rounding)
{
    expect_verdict(__LINE__, judge_numeric(83.65, "83.6", 0, 0), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(83.55, "83.6", 0, 0), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(83.651, "83.6", 0, 0),
                   VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(83.549, "83.6", 0, 0),
                   VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(84.15, "83.6", .5, 0), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(84.16, "83.6", .5, 0),
                   VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(-110.5, "-100", 0, .1), VERDICT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(-110.6, "-100", 0, .1),
                   VERDICT_NOT_REPRODUCED);
    expect_verdict(__LINE__, judge_numeric(NO, "83.6", 99, 0), VERDICT_INCONCLUSIVE);
    expect_verdict(__LINE__, judge_numeric(FAR, "83.6", 99, 0), VERDICT_INCONCLUSIVE);
}

Test(claims, the_smallest_difference_is_half_the_interval)
{
    double got[2] = {detectable_difference(&(struct estimate){.5, -.2, 1.2, 9}), 0},
           want[2] = {.7, 0};
    expect_close(got, want, 2, 1e-15, 0);
    cr_expect(isnan(detectable_difference(&(struct estimate){.5, NO, 1.2, 9})));
}

Test(claims, names_and_verdicts_are_one_to_one)
{
    for (int v = VERDICT_REPRODUCED; v <= VERDICT_NOT_RUN; ++v)
        cr_expect_eq(verdict_find(verdict_name((enum verdict)v)), v);
    cr_expect_eq(verdict_find("STALE"), -1);
    cr_expect_eq(verdict_find(""), -1);
}

Test(claims, a_failed_part_decides_over_one_that_was_not_run)
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

/// A verdict that was found, under some options, and what a cap leaves of it.
struct cap {
    int line;
    const char *options, *id;
    int compares, pretrainings;
    enum verdict before, want;
};

static const struct cap caps[] = {
    // The desk tier scales; the paper tier gives the full word.
    {__LINE__, "", "order", 0, 0, VERDICT_REPRODUCED, VERDICT_REPRODUCED_SCALED},
    {__LINE__, "", "order", 0, 0, VERDICT_TREND_ONLY, VERDICT_TREND_ONLY},
    {__LINE__, "", "order", 0, 0, VERDICT_NOT_REPRODUCED, VERDICT_NOT_REPRODUCED},
    {__LINE__, "--tier paper", "order", 0, 0, VERDICT_REPRODUCED, VERDICT_REPRODUCED},
    {__LINE__, "--tier paper", "accuracy", 0, 0, VERDICT_REPRODUCED,
     VERDICT_REPRODUCED},
    // A printed accuracy is judged at the paper tier only, also when it is missed.
    {__LINE__, "", "accuracy", 0, 0, VERDICT_NOT_REPRODUCED, VERDICT_NOT_RUN},
    // Planted data caps what is not about planted data; smoke caps both.
    {__LINE__, "--data planted", "order", 0, 0, VERDICT_REPRODUCED, VERDICT_TREND_ONLY},
    {__LINE__, "--data planted", "map", 0, 0, VERDICT_REPRODUCED,
     VERDICT_REPRODUCED_SCALED},
    {__LINE__, "--tier smoke", "order", 0, 0, VERDICT_REPRODUCED, VERDICT_TREND_ONLY},
    {__LINE__, "--tier smoke", "map", 0, 0, VERDICT_REPRODUCED, VERDICT_TREND_ONLY},
    {__LINE__, "--tier smoke", "order", 0, 0, VERDICT_INCONCLUSIVE,
     VERDICT_INCONCLUSIVE},
    // Data that is not there is never passed over in silence.
    {__LINE__, "--tier smoke", "cifar", 0, 0, VERDICT_REPRODUCED, VERDICT_NOT_RUN},
    {__LINE__, "--data planted", "cifar", 0, 0, VERDICT_REPRODUCED, VERDICT_NOT_RUN},
    {__LINE__, "", "image", 0, 0, VERDICT_REPRODUCED, VERDICT_NOT_RUN},
    // Fewer than three pretrainings an arm show a trend.
    {__LINE__, "--tier paper", "order", 1, 2, VERDICT_REPRODUCED, VERDICT_TREND_ONLY},
    {__LINE__, "--tier paper", "order", 1, 3, VERDICT_REPRODUCED, VERDICT_REPRODUCED},
    {__LINE__, "", "order", 1, 1, VERDICT_REPRODUCED, VERDICT_TREND_ONLY},
    {__LINE__, "", "order", 1, 1, VERDICT_NOT_REPRODUCED, VERDICT_NOT_REPRODUCED},
    // Epochs that are given decide nothing by themselves: whoever trains compares them with the recipe's.
    {__LINE__, "--epochs 1", "order", 0, 0, VERDICT_REPRODUCED,
     VERDICT_REPRODUCED_SCALED},
    // Mathematics is never capped.
    {__LINE__, "--tier smoke", "pure", 0, 0, VERDICT_REPRODUCED, VERDICT_REPRODUCED},
    {__LINE__, "--tier smoke", "sum", 1, 1, VERDICT_REFUTED, VERDICT_REFUTED},
    {__LINE__, "", "sum", 0, 0, VERDICT_REPRODUCED, VERDICT_REPRODUCED},
};

static const struct cap pilots[] = {
    // A pilot shows a trend at best, and its failure decides nothing.
    {__LINE__, "", "order", 0, 0, VERDICT_REPRODUCED, VERDICT_TREND_ONLY},
    {__LINE__, "", "order", 1, 3, VERDICT_REPRODUCED_SCALED, VERDICT_TREND_ONLY},
    {__LINE__, "", "order", 0, 0, VERDICT_TREND_ONLY, VERDICT_TREND_ONLY},
    {__LINE__, "", "order", 0, 0, VERDICT_INCONCLUSIVE, VERDICT_INCONCLUSIVE},
    {__LINE__, "", "order", 0, 0, VERDICT_NOT_REPRODUCED, VERDICT_INCONCLUSIVE},
    {__LINE__, "", "rise", 1, 1, VERDICT_NOT_REPRODUCED, VERDICT_INCONCLUSIVE},
    {__LINE__, "", "other", 0, 0, VERDICT_REFUTED, VERDICT_INCONCLUSIVE},
    {__LINE__, "--tier smoke", "map", 0, 0, VERDICT_NOT_REPRODUCED,
     VERDICT_INCONCLUSIVE},
    {__LINE__, "--tier paper", "accuracy", 0, 0, VERDICT_REPRODUCED,
     VERDICT_TREND_ONLY},
    {__LINE__, "--tier paper", "accuracy", 0, 0, VERDICT_NOT_REPRODUCED,
     VERDICT_INCONCLUSIVE},
    // What cannot be judged here was not run, by a pilot neither; mathematics needs no weights.
    {__LINE__, "", "accuracy", 0, 0, VERDICT_NOT_REPRODUCED, VERDICT_NOT_RUN},
    {__LINE__, "", "pure", 0, 0, VERDICT_REPRODUCED, VERDICT_REPRODUCED},
    {__LINE__, "", "pure", 0, 0, VERDICT_NOT_REPRODUCED, VERDICT_NOT_REPRODUCED},
    {__LINE__, "", "sum", 0, 0, VERDICT_REFUTED, VERDICT_REFUTED},
};

/// The row of any experiment, which run_claim would not give.
static struct claim claim_named(const struct run *run, const char *id)
{
    const struct claims *claims = store_claims(run->store);
    const long row = tsv_row(&claims->table, "id", id);
    cr_assert_geq(row, 0, "no claim %s", id);
    return claims_row(claims, (size_t)row);
}

static void expect_cap(const struct cap *cap, int pilot)
{
    struct run run;
    char words[512];
    world_run(&run, cap->options, words);
    if (pilot) run_pilot(&run, "pilot weights: %d of %d epochs", 2, 63);
    const struct claim claim = claim_named(&run, cap->id);
    expect_verdict(
        cap->line,
        verdict_cap(cap->before, &claim, &run, cap->compares, cap->pretrainings),
        cap->want);
    world_drop(&run);
}

Test(claims, tier_data_and_pretrainings_cap_what_a_claim_can_earn)
{
    for (size_t i = 0; i < sizeof caps / sizeof *caps; ++i) expect_cap(&caps[i], 0);
}

Test(claims, a_pilot_earns_a_trend_and_refutes_nothing)
{
    for (size_t i = 0; i < sizeof pilots / sizeof *pilots; ++i)
        expect_cap(&pilots[i], 1);
}

// No run can be opened on a folder of images in this version; its ledger can.
Test(claims, on_a_folder_of_images_only_the_claims_on_imagenet_can_be_judged)
{
    struct run run;
    char words[512];
    world_run(&run, "--tier paper", words);
    tier_find(&run.tier, &run.data, "paper", "imagefolder");
    struct claim image = run_claim(&run, "image"), cifar = run_claim(&run, "cifar");
    expect_verdict(__LINE__, verdict_cap(VERDICT_REPRODUCED, &image, &run, 0, 0),
                   VERDICT_REPRODUCED);
    expect_verdict(__LINE__, verdict_cap(VERDICT_REPRODUCED, &cifar, &run, 0, 0),
                   VERDICT_NOT_RUN);
    world_drop(&run);
}

Test(claims, the_kind_in_the_table_chooses_the_rule)
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
        long row = tsv_row(&claims.table, "id", cases[i].id);
        cr_assert_geq(row, 0);
        struct claim claim = claims_row(&claims, (size_t)row);
        expect_verdict((int)i, claim_judge(&claim, &cases[i].d), cases[i].want);
    }
    claims_free(&claims);
}

static void read_claims(const void *path)
{
    struct claims claims;
    claims_read(&claims, path);
    claims_free(&claims);
}

Test(claims, an_unsound_table_is_refused_with_the_row_named)
{
    static const char header[] = "id\tplace\tstatement\tprinted\teffect\tkind\tmargin\t"
                                 "margin_source\tdata\ttier\ttarget\texperiment\n";
    static const struct {
        int line;
        const char *row, *says;
    } rows[] = {
        {__LINE__, "a\tp\ts\t1\t\tguess\t\t\tany\tdesk\tt\te\n",
         "a: unknown kind 'guess'"},
        {__LINE__, "a\tp\ts\t1\t\texact\t\t\tmoon\tdesk\tt\te\n",
         "a: unknown data 'moon'"},
        {__LINE__, "a\tp\ts\t1\t\texact\t\t\tany\tlab\tt\te\n",
         "a: unknown tier 'lab'"},
        {__LINE__, "a\tp\ts\t1\t\tequivalence\t\t\tany\tdesk\tt\te\n",
         "needs a margin"},
        {__LINE__, "a\tp\ts\t1\t\tequivalence\t.3x\tw\tany\tdesk\tt\te\n",
         "margin '.3x'"},
        {__LINE__, "a\tp\ts\t1\t\tequivalence\t0.3\t\tany\tdesk\tt\te\n",
         "has no source"},
        {__LINE__, "a\tp\ts\t1\t\tidentity\t-1\tw\tany\tdesk\tt\te\n", "margin '-1'"},
        {__LINE__, "a\tp\ts\t1\t-2\tordering\t\t\tany\tdesk\tt\te\n", "effect '-2'"},
        {__LINE__, "a\tp\ts\tmany\t\tnumeric\t1\tw\tany\tdesk\tt\te\n",
         "printed 'many'"},
        {__LINE__, "\tp\ts\t1\t\texact\t\t\tany\tdesk\tt\te\n", "row 1: no id"},
        {__LINE__, "a\tp\ts\t1\t\texact\t\t\tany\tdesk\tt\t\n", "row 1: no experiment"},
        {__LINE__,
         "a\tp\ts\t1\t\texact\t\t\tany\tdesk\tt\te\na\tp\ts\t1\t\texact\t\t\tany\tdesk"
         "\tt\te\n",
         "a: comes twice"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        char text[1024];
        snprintf(text, sizeof text, "%s%s", header, rows[i].row);
        world_write("bad.tsv", text);
        expect_death(rows[i].line, read_claims, "bad.tsv", 3, rows[i].says);
    }
}

Test(claims, a_sound_table_is_read_as_it_stands)
{
    struct claims claims;
    claims_read(&claims, "paper/claims.tsv");
    cr_assert_eq(claims.count, 10);
    struct claim order = claims_row(&claims, 0), same = claims_row(&claims, 4);
    cr_expect_str_eq(order.id, "order");
    cr_expect_eq(order.effect, 2);
    cr_expect(isnan(order.margin));
    cr_expect_eq(same.margin, .3);
    cr_expect_eq(same.effect, 0);
    cr_expect_str_eq(same.experiment, "02-demo");
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
    judge_numeric(1, "curves", 0, 0);
}

static void judge_negative(const void *unused)
{
    (void)unused;
    judge_ordering(&(struct estimate){1, 0, 2, 9}, -1);
}

Test(claims, a_broken_contract_aborts)
{
    expect_death(__LINE__, judge_backwards, NULL, -6, "is empty");
    expect_death(__LINE__, judge_words, NULL, -6, "not a printed number");
    expect_death(__LINE__, judge_negative, NULL, -6, "is negative");
}

// No scratch folder: this is the project's own table.
Test(claims_table, the_papers_claims_are_sound_and_every_correction_has_its_original)
{
    struct claims claims;
    claims_read(&claims, "paper/claims.tsv");
    cr_expect(claims.count > 50, "%zu claims", claims.count);
    for (size_t i = 0; i < claims.count; ++i) {
        char original[128];
        struct claim claim = claims_row(&claims, i);
        const char *suffix = strstr(claim.id, ".corrected");
        if (!suffix) continue;
        snprintf(original, sizeof original, "%.*s", (int)(suffix - claim.id), claim.id);
        cr_expect(tsv_row(&claims.table, "id", original) >= 0, "%s", claim.id);
    }
    claims_free(&claims);
}
