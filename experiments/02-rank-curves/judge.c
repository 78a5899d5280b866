#include "experiments/02-rank-curves/judge.h"

#include <string.h>

#include "core/stats/bootstrap.h"
#include "core/stats/slope.h"
#include "core/study/judgement.h"

void judge_curves(struct study *study, const struct arm *arms)
{
    enum { STEPS = 2 * (COMPONENTS - 1), GAPS = 2 * COMPONENTS };
    struct estimate steps[ARMS * STEPS], gaps[ARMS * GAPS];
    for (size_t a = 0; a < ARMS; ++a) {
        memcpy(steps + a * STEPS, arms[a].curve[LEARNED].step,
               sizeof arms[a].curve[LEARNED].step);
        memcpy(gaps + a * GAPS, arms[a].gap, sizeof arms[a].gap);
    }
    study_judge(
        study, "figure2.distance-rises", steps, ARMS * STEPS, 0,
        "bootstrap over images of each step from i to i+1, median and ratio of sums",
        "given these weights; the least of %d steps", ARMS * STEPS);
    study_judge(
        study, "figure2.learned-beats-linear", gaps, ARMS * GAPS, 0,
        "paired bootstrap over images of each gap, linear minus learned, median "
        "and ratio of sums",
        "given these weights; the least of %d gaps", ARMS * GAPS);
}

void judge_slopes(struct study *study, const struct arm *arms, const char *id,
                  enum grouping grouping)
{
    struct estimate rises[ARMS - 1];
    double slopes[ARMS];
    for (size_t a = 0; a < ARMS; ++a) {
        slopes[a] = arms[a].curve[LEARNED].slope[grouping].value;
        if (a > 0)
            rises[a - 1] = rank_slope_rise(
                &arms[a - 1].samples[LEARNED], &arms[a].samples[LEARNED], grouping,
                BOOTSTRAP_RESAMPLES, study->run.options.seed);
    }
    study_judge(study, id, rises, ARMS - 1, 1,
                "paired bootstrap over images of each rise of the slope",
                "one pretraining per mask ratio; the least of %d rises of the medians' "
                "slope; permutation p of this order: %.2g",
                ARMS - 1, increase_p_value(slopes, ARMS));
}

void judge_direction(struct study *study, const struct arm *arms)
{
    struct estimate parts[2 * (ARMS - 1)];
    size_t count = 0;
    for (int p = LINEAR; p <= OTHER_SIDE; ++p)
        for (size_t a = 1; a < ARMS; ++a) {
            const struct rank_samples *less = &arms[a - 1].samples[p],
                                      *more = &arms[a].samples[p];
            const int rises = arms->side[p] == SIDE_OF_PAPER;
            parts[count++] = rank_slope_rise(rises ? less : more, rises ? more : less,
                                             GROUPING_HIDDEN, BOOTSTRAP_RESAMPLES,
                                             study->run.options.seed);
        }
    study_judge_untrained(
        study, "figure2.slope-direction", parts, count,
        "paired bootstrap over images of each rise at side 2, fall at side 4",
        "no network; the least of %zu", count);
}
