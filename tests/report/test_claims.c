#include "core/report/claims.h"

#include "tests/expect_close.h"
#include "tests/report/world.h"

TestSuite(claims, .init = world_open);

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
    {__LINE__, "1.5e-99999999999999999999", 0, 0, 0},
    {__LINE__, "1.5e301", 0, 0, 0},
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
        {__LINE__, "a\tp\ts\tmany\t\tnumeric\t1\tw\tany\tdesk\tt\te\n", "printed ''"},
        {__LINE__, "a\tp\ts\tmany\t\tarithmetic\t\t\tnone\tdesk\tt\te\n", "printed ''"},
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
        world_claims_write("bad.tsv", text);
        expect_death(rows[i].line, read_claims, "bad.tsv", 3, rows[i].says);
    }
}

Test(claims, what_the_estimate_is_and_where_a_claim_comes_from_is_said)
{
    static const char header[] =
        "id\torigin\tplace\tstatement\tprinted\twording\teffect\tquantity\tunit\tkind\t"
        "margin\tmargin_source\tdata\ttier\ttarget\texperiment\n";
    static const struct {
        int line;
        const char *cells, *says; // origin to unit
    } rows[] = {
        {__LINE__, "paper\tp\ts\t1\t\t\tgap\tpoints", NULL},
        {__LINE__, "paper\tp\ts\t\tcurves\t\tgap\tpoints", NULL},
        {__LINE__, "added\tp\ts\t\t\t\tgap\tpoints", NULL},
        {__LINE__, "guessed\tp\ts\t1\t\t\tgap\tpoints", "unknown origin 'guessed'"},
        {__LINE__, "added\tp\ts\t1\t\t\tgap\tpoints", "yet printed '1'"},
        {__LINE__, "corrected\tp\ts\t\tcurves\t\tgap\tpoints", "yet printed 'curves'"},
        {__LINE__, "paper\tp\ts\tcurves\t\t\tgap\tpoints", "is not one number"},
        {__LINE__, "paper\tp\ts\t1\t\t\t\tpoints", "row 1: no quantity"},
        {__LINE__, "paper\tp\ts\t1\t\t\tgap\t", "row 1: no unit"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; ++i) {
        char text[1024];
        snprintf(text, sizeof text, "%sa\t%s\texact\t\t\tany\tdesk\tt\te\n", header,
                 rows[i].cells);
        world_write("some.tsv", text);
        if (rows[i].says)
            expect_death(rows[i].line, read_claims, "some.tsv", 3, rows[i].says);
        else
            read_claims("some.tsv");
    }
}

Test(claims, what_was_published_is_a_number_or_words_or_nothing)
{
    struct claim claim = {.printed = "2.0", .wording = ""};
    cr_expect_str_eq(claim_published(&claim), "2.0");
    claim = (struct claim){.printed = "", .wording = "curves"};
    cr_expect_str_eq(claim_published(&claim), "curves");
    claim.wording = "";
    cr_expect_str_eq(claim_published(&claim), "-");
}

Test(claims, a_sound_table_is_read_as_it_is)
{
    struct claims claims;
    claims_read(&claims, "paper/claims.tsv");
    cr_assert_eq(claims.count, 11);
    struct claim order = claims_row(&claims, 0), same = claims_row(&claims, 4);
    cr_expect_str_eq(order.id, "order");
    cr_expect_eq(order.effect, 2);
    cr_expect(isnan(order.margin));
    cr_expect_eq(same.margin, .3);
    cr_expect_eq(same.effect, 0);
    cr_expect_str_eq(same.experiment, "02-demo");
    claims_free(&claims);
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
        // All subtractions of printed numbers are of the kind that is counted apart.
        cr_expect_eq(claim_is_arithmetic(&claim),
                     strstr(claim.id, ".difference.") != NULL, "%s", claim.id);
        const char *suffix = strstr(claim.id, ".corrected");
        if (!suffix) continue;
        cr_expect_str_eq(claim.origin, "corrected", "%s", claim.id);
        snprintf(original, sizeof original, "%.*s", (int)(suffix - claim.id), claim.id);
        cr_expect(tsv_row(&claims.table, "id", original) >= 0, "%s", claim.id);
    }
    claims_free(&claims);
}
