/// Recording what an experiment found out about the paper's claims: one verdict for each claim,
/// capped by what tier, data and training allow (verdict_cap), with the estimate that decided it.
#ifndef MASKBOOK_REPORT_RECORD_H
#define MASKBOOK_REPORT_RECORD_H

#include "core/report/run.h"
#include "core/report/verdicts.h"

/// A row of verdicts.tsv.
struct verdict_row {
    char *id, *test; ///< owned by the run, as all texts
    char *reason;    ///< why it was not run, or why it says less than was found; or ""
    char *scale;     ///< how much training it rests on (run_scale); or ""
    char *finding;   ///< what was found; or ""
    enum verdict verdict;
    struct estimate estimate; ///< NAN and 0 if missing
};

/// The row of the claim `id`. Contract: it is in paper/claims.tsv and belongs to this experiment.
struct claim run_claim(const struct run *run, const char *id);

/// Says how much training the verdicts recorded from now on rest on: "model trained for 4 epochs,
/// 1250 updates"; "" for none, so that neither pilots nor EPOCHS= cap them. Claims with data
/// "none", and those that are not run, rest on none.
void run_scale(struct run *run, const char *scale);

/// Records the verdict that was found for a claim: the estimate of its deciding (worst) part, or
/// NULL; the name of the test; what was found, a sentence or "". All caps but that of pretrainings,
/// for which there is run_judge, are applied here, so no experiment can forget them. If the verdict
/// was found INCONCLUSIVE, the smallest difference that its test could have confirmed is added to
/// the finding; if the claim is excluded or rests on a pilot, that is the reason. Of a claim that
/// was found NOT-RUN the sentence is the reason, or adds to it. Contract: the claim is this
/// experiment's and has no verdict yet; REFUTED only for kinds exact and identity or data "none"; a
/// pass has an estimate, with a finite interval where its kind has one (kind exact needs neither).
void run_verdict(struct run *run, const char *id, enum verdict verdict,
                 const struct estimate *deciding, const char *test,
                 const char *finding);

/// Judges a claim of `count` parts by the rule of its kind and records the worst verdict with the
/// part that decides. Among the parts with that verdict, one that is not finite decides before all
/// others, then the first of those with
///
///     kind                         verdict is not a failure         NOT-REPRODUCED or REFUTED
///     ordering, trend, partition   smallest low                     smallest high
///     equivalence                  far end farthest from 0          near end farthest from 0
///     identity                     value farthest from 0            value farthest from 0
///     numeric                      value farthest from printed      value farthest from printed
///
/// `pretrainings`: how many an arm, if the claim compares pretrainings; 0 if it does not.
void run_judge(struct run *run, const char *id, const struct estimate *parts,
               size_t count, int pretrainings, const char *test, const char *finding);

/// The row recorded for the claim `id`, valid until the next one is recorded; NULL if there is no
/// row yet.
const struct verdict_row *run_recorded(const struct run *run, const char *id);

enum { VERDICT_TEXT = 64 };

/// text (VERDICT_TEXT) = the verdict recorded for the claim `id`, for a table: a word,
/// "NOT-RUN(reason)" if tier or data exclude the claim, "-" if there is no verdict yet.
void run_verdict_of(char text[VERDICT_TEXT], const struct run *run, const char *id);

/// Records NOT-RUN for each claim of the experiment that has no verdict yet: with this reason, or
/// with that of claim_excluded alone.
void run_verdict_rest(struct run *run, const char *reason);

#endif
