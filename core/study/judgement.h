/// Judging what an experiment has measured, in one place for all experiments.
#ifndef MASKBOOK_STUDY_JUDGEMENT_H
#define MASKBOOK_STUDY_JUDGEMENT_H

#include <stddef.h>

#include "core/base/estimate.h"
#include "core/report/record.h"

struct study;

/// The mean of x (n) over n images, with its bootstrap interval of the run's seed.
struct estimate study_mean(const struct study *study, const double *x, size_t n);

/// The mean of a - b over n images, with its paired bootstrap interval: the same images in both.
/// a, b (n)
struct estimate study_gap(const struct study *study, const double *a, const double *b,
                          size_t n);

/// Judges a claim by what was measured for each of its `count` parts, by the rule of its kind
/// (run_judge: all parts have to hold), and records the verdict with `test`, how much training it
/// rests on (study->scale) and what was found. A claim about images other than the run's is NOT-RUN
/// and gets no number of ours, which could not be compared with a printed one. `pretrainings`: how
/// many an arm, where the claim compares pretrainings; else 0.
void study_judge(struct study *study, const char *id, const struct estimate *parts,
                 size_t count, int pretrainings, const char *test, const char *finding,
                 ...) __attribute__((format(printf, 7, 8)));

/// The same for a claim about the run's images alone, which rests on no training.
void study_judge_untrained(struct study *study, const char *id,
                           const struct estimate *parts, size_t count, const char *test,
                           const char *finding, ...)
    __attribute__((format(printf, 6, 7)));

/// The same for a claim that no rule of a kind decides (kind exact): records the `verdict` that the
/// experiment gives, with the number it rests on.
void study_verdict(struct study *study, const char *id, enum verdict verdict,
                   struct estimate found, const char *test, const char *finding, ...)
    __attribute__((format(printf, 6, 7)));

/// Whether the claim `id` is about photographs or about planted scenes, and the run's images are
/// others.
int other_images(const struct run *run, const char *id);

#endif
