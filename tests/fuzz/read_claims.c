// The table of the paper's claims, and the rules that judge by it.
#include "tests/fuzz/reader.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/claims.h"
#include "core/report/verdicts.h"

static void judge(const struct claim *claim)
{
    static const struct estimate estimates[] = {
        {1, .5, 1.5, 10}, {-1, -1, -1, 1}, {NAN, NAN, NAN, 0}, {0, -1e300, 1e300, 2}};
    double printed, half;
    const int number = printed_parse(&printed, &half, claim->printed);
    if (number)
        require(isfinite(printed) && half >= 0, "'%s' is %g +- %g", claim->printed,
                printed, half);
    for (size_t i = 0; i < sizeof estimates / sizeof *estimates; ++i) {
        if (strcmp(claim->kind, "exact") == 0 || claim_is_arithmetic(claim)) break;
        enum verdict verdict = claim_judge(claim, &estimates[i]);
        for (int tier = TIER_SMOKE; tier <= TIER_PAPER; ++tier) {
            const struct conditions conditions = {(enum tier)tier, "cifar10", 1, 1, 0};
            verdict_cap(verdict, claim, &conditions);
        }
    }
}

int reader_try(const uint8_t *bytes, size_t size)
{
    struct claims claims;
    char digest[HASH_HEX];
    claims_read(&claims, input_bytes(bytes, size));
    for (size_t row = 0; row < claims.count; ++row) {
        const struct claim claim = claims_row(&claims, row);
        judge(&claim);
        claims_digest(digest, &claims, claim.experiment);
    }
    claims_free(&claims);
    return 1;
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const char table[] =
        "id\torigin\tplace\tstatement\tprinted\twording\teffect\tquantity\tunit\tkind\t"
        "margin\tmargin_source\tdata\ttier\ttarget\texperiment\n"
        "a.order\tpaper\tTable 1\tthe first is larger\t+12.2 "
        "points\t\t12.2\tdifference\t1\tordering\t\t\tcifar10\tdesk\ttable1\t04-"
        "probing\n"
        "a.trend\tpaper\tFigure 2\tit "
        "rises\t\t\t\tdifference\t1\ttrend\t\t\tany\tpaper\tfigure2\t02-ranks\n"
        "a.same\tpaper\t(4)\tboth "
        "agree\t1e-9\t\t\tdifference\t1\tidentity\t1e-"
        "9\trounding\tnone\tsmoke\ttheory\t06-low\n"
        "a.exact\tpaper\t(5)\tit "
        "holds\t\t\t\tdifference\t1\texact\t\t\tnone\tsmoke\ttheory\t06-low\n"
        "a.equal\tpaper\t(6)\tno "
        "difference\t0\t\t\tdifference\t1\tequivalence\t0."
        "01\tchosen\tplanted\tdesk\ttheory\t06-low\n"
        "a.part\tpaper\t(7)\tparts\t64.4 "
        "%\t\t\tdifference\t1\tpartition\t.1\tchosen\timagenet\tdesk\ttheory\t06-low\n"
        "a.number\tpaper\tTable 2\tso "
        "many\t7,212,684\t\t\tdifference\t1\tnumeric\t1\tchosen\tany\tdesk\ttable2\t05-"
        "heads\n"
        "a.minus\tpaper\tTable "
        "2\tsubtracted\t-0."
        "5\t\t\tdifference\t1\tarithmetic\t\t\tnone\tsmoke\ttable2\t05-heads\n";
    put("every-kind", table, strlen(table));
}
