#include "core/study/judgement.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/stats/bootstrap.h"
#include "core/study/experiment.h"

struct estimate study_mean(const struct study *study, const double *x, size_t n)
{
    const struct statistic statistic = {STATISTIC_MEAN, x, NULL};
    struct estimate mean;
    bootstrap_intervals(&mean, &statistic, 1, n, BOOTSTRAP_RESAMPLES,
                        study->run.options.seed);
    return mean;
}

struct estimate study_gap(const struct study *study, const double *a, const double *b,
                          size_t n)
{
    const struct statistic first = {STATISTIC_MEAN, a, NULL},
                           second = {STATISTIC_MEAN, b, NULL};
    return bootstrap_difference(&first, &second, n, BOOTSTRAP_RESAMPLES,
                                study->run.options.seed);
}

int other_images(const struct run *run, const char *id)
{
    static const char *const needs[][2] = {
        {"cifar10", "cifar10"}, {"imagenet", "imagefolder"}, {"planted", "planted"}};
    const char *data = run_claim(run, id).data;
    for (size_t i = 0; i < sizeof needs / sizeof *needs; ++i)
        if (strcmp(data, needs[i][0]) == 0)
            return strcmp(run->options.data, needs[i][1]) != 0;
    return 0;
}

enum { FINDING_TEXT = 768 };

// text (FINDING_TEXT) = the finding. Returns 0 for a claim about other images, which is not run.
__attribute__((format(printf, 5, 0))) static int
judged(struct study *study, const char *id, char text[FINDING_TEXT], const char *scale,
       const char *finding, va_list arguments)
{
    vsnprintf(text, FINDING_TEXT, finding, arguments);
    run_scale(&study->run, scale);
    if (!other_images(&study->run, id)) return 1;
    run_verdict(&study->run, id, VERDICT_NOT_RUN, NULL, "", "");
    return 0;
}

void study_judge(struct study *study, const char *id, const struct estimate *parts,
                 size_t count, int pretrainings, const char *test, const char *finding,
                 ...)
{
    char text[FINDING_TEXT];
    va_list arguments;
    va_start(arguments, finding);
    if (judged(study, id, text, study->scale, finding, arguments))
        run_judge(&study->run, id, parts, count, pretrainings, test, text);
    va_end(arguments);
}

void study_judge_untrained(struct study *study, const char *id,
                           const struct estimate *parts, size_t count, const char *test,
                           const char *finding, ...)
{
    char text[FINDING_TEXT];
    va_list arguments;
    va_start(arguments, finding);
    if (judged(study, id, text, "", finding, arguments))
        run_judge(&study->run, id, parts, count, 0, test, text);
    va_end(arguments);
}

void study_verdict(struct study *study, const char *id, enum verdict verdict,
                   struct estimate found, const char *test, const char *finding, ...)
{
    char text[FINDING_TEXT];
    va_list arguments;
    va_start(arguments, finding);
    if (judged(study, id, text, study->scale, finding, arguments))
        run_verdict(&study->run, id, verdict, &found, test, text);
    va_end(arguments);
}
