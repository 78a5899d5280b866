#include "core/study/judgement.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"

void judge_cifar10(struct run *run, const char *id, const struct estimate *part,
                   int pretrainings, const char *test, const char *note)
{
    if (strcmp(run->data, "cifar10") == 0)
        run_judge(run, id, part, 1, pretrainings, test, note);
    else
        run_verdict(run, id, VERDICT_NOT_RUN, NULL, "", note);
}

void judgement_text(char text[JUDGEMENT_TEXT], const struct run *run, const char *id,
                    const struct estimate *part, int pretrainings)
{
    const struct claim claim = run_claim(run, id);
    const char *excluded = claim_excluded(&claim, run->tier, run->data);
    if (!part || excluded)
        snprintf(text, JUDGEMENT_TEXT, "NOT-RUN(%s)", excluded ? excluded : "-");
    else
        snprintf(text, JUDGEMENT_TEXT, "%s",
                 verdict_name(verdict_cap(claim_judge(&claim, part), &claim, run,
                                          pretrainings != 0, pretrainings)));
}

long printed_thousandths(const struct run *run, const char *id)
{
    double value, half;
    const char *printed = run_claim(run, id).printed;
    if (!printed_parse(&value, &half, printed))
        die(EXIT_INPUT, "paper/claims.tsv: %s: '%s' is no number (correct the table)",
            id, printed);
    return lround(1000 * value);
}

void judge_printed_difference(struct run *run, const char *id, const char *more,
                              const char *less)
{
    const long difference =
        printed_thousandths(run, more) - printed_thousandths(run, less);
    const struct estimate part = {(double)difference / 1000, (double)NAN, (double)NAN,
                                  0};
    run_verdict(run, id, judge_exact(difference == printed_thousandths(run, id)), &part,
                "printed accuracies subtracted", "");
}
