/// Judging what an experiment has measured, where several experiments judge alike: estimates of core/stats
/// by the rules of core/report.
#ifndef MASKBOOK_STUDY_JUDGEMENT_H
#define MASKBOOK_STUDY_JUDGEMENT_H

#include <stddef.h>

#include "core/report/claims.h"

/// Judges a claim about CIFAR-10 by one part (run_judge). On other images the claim is NOT-RUN without
/// our number, which is nothing to set beside a printed one.
void judge_cifar10(struct run *run, const char *id, const struct estimate *part,
                   int pretrainings, const char *test, const char *note);

enum { JUDGEMENT_TEXT = 64 };

/// text (JUDGEMENT_TEXT) = the verdict that run_judge gives this part, for a table: a word, or
/// "NOT-RUN(reason)". part NULL: nothing was measured.
void judgement_text(char text[JUDGEMENT_TEXT], const struct run *run, const char *id,
                    const struct estimate *part, int pretrainings);

/// Records whether the difference that the paper prints as the claim `id`, of kind exact, is that of the
/// accuracies that it prints as the claims `more` and `less`, all with at most three decimals. Needs no measurement.
/// Dies (EXIT_INPUT) when one of the three is not printed as a number.
void judge_printed_difference(struct run *run, const char *id, const char *more,
                              const char *less);

/// The number that the paper prints as the claim `id`, in thousandths, so that sums of such numbers
/// are exact. Dies (EXIT_INPUT) when it is not printed as a number.
long printed_thousandths(const struct run *run, const char *id);

#endif
