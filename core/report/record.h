/// Recording what an experiment found about the paper's claims: each verdict once, capped by what tier, data
/// and training allow (verdict_cap), with the estimate that decided it.
#ifndef MASKBOOK_REPORT_RECORD_H
#define MASKBOOK_REPORT_RECORD_H

#include "core/report/run.h"
#include "core/report/verdicts.h"

/// A row of verdicts.tsv.
struct verdict_row {
    char *id, *test, *note; ///< owned by the run
    enum verdict verdict;
    struct estimate estimate; ///< NAN and 0 where there is none
};

/// The row of the claim `id`. Contract: it is in paper/claims.tsv and belongs to this experiment.
struct claim run_claim(const struct run *run, const char *id);

/// Records the claim's verdict for verdicts.tsv: estimate and interval of its deciding (worst) part, or
/// NULL where there is none; the test by name; a sentence. The caps of tier and data are applied here
/// too, so that no experiment can forget them; that of pretrainings is the caller's (verdict_cap or
/// run_judge). What was found INCONCLUSIVE gets the smallest difference that the test could have
/// confirmed, an excluded claim its reason, and what rests on a pilot says so. Contract: `id` as in run_claim and not recorded before; REFUTED only for kinds exact
/// and identity and for data none; a pass of a kind that has an interval comes with a finite one.
void run_verdict(struct run *run, const char *id, enum verdict verdict,
                 const struct estimate *deciding, const char *test, const char *note);

/// Judges a claim of `count` parts by the rule of its kind and records the worst verdict, with the part that
/// decides. Of the parts with the worst verdict that is, the first of equals, one that is not finite before all
/// others and then
///
///     kind                       all parts passed, or are open    a part failed
///     ordering, trend, partition smallest low                     smallest high
///     equivalence                far end farthest from 0          near end farthest from 0
///     identity                   value farthest from 0            value farthest from 0
///     numeric                    value farthest from the printed  value farthest from the printed
///
/// `pretrainings` an arm, for a claim that compares pretrainings; 0 for one that does not.
void run_judge(struct run *run, const char *id, const struct estimate *parts,
               size_t count, int pretrainings, const char *test, const char *note);

/// What was recorded for the claim `id`; NULL before. It holds until the next verdict is recorded.
const struct verdict_row *run_recorded(const struct run *run, const char *id);

enum { VERDICT_TEXT = 64 };

/// text (VERDICT_TEXT) = the verdict recorded for the claim `id`, for a table: a word, or "NOT-RUN(reason)"
/// where tier or data exclude the claim; "-" before there is one.
void run_verdict_of(char text[VERDICT_TEXT], const struct run *run, const char *id);

/// Records NOT-RUN, with the reason, for each claim of the experiment that has no verdict yet.
void run_verdict_rest(struct run *run, const char *reason);

#endif
