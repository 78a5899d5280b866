#include "core/stats/bootstrap.h"
#include "core/stats/slope.h"
#include "core/study/judgement.h"
#include "experiments/02-rank-curves/readings.h"

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
                "one an arm; the least of %d rises of the medians' slope; exact p of "
                "their order %.2g",
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
    study_judge(study, "figure2.slope-direction", parts, count, 0,
                "paired bootstrap over images of each rise at side 2, fall at side 4",
                "no network; the least of %zu", count);
}
