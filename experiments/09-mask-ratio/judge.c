#include "experiments/09-mask-ratio/judge.h"

#include <math.h>
#include <stdio.h>

#include "core/study/judgement.h"

void judge_ranks(struct study *study, const struct ranks *ranks)
{
    double *slopes = arena_doubles(&study->arena, ranks->images);
    static const char *const id[2] = {"section5.1.rank", "eq19.law"};
    for (int share = 0; share < 2; ++share) {
        rank_slopes(slopes, ranks->effective[LINEAR], ranks, ranks->rival_images,
                    share);
        const struct estimate linear = study_mean(study, slopes, ranks->rival_images);
        rank_slopes(slopes, ranks->effective[LEARNED], ranks, ranks->images, share);
        const struct estimate learned = study_mean(study, slopes, ranks->images);
        study_judge(
            study, id[share], &learned, 1, 1,
            "bootstrap over images of each image's slope, minus 1",
            "one model per ratio; best linear predictor %.3f [%.3f, %.3f], first %zu "
            "images",
            linear.value, linear.low, linear.high, linear.n);
    }
    struct estimate steps[ARMS - 1];
    for (size_t a = 0; a + 1 < ARMS; ++a)
        steps[a] =
            study_gap(study, ranks->shared[a], ranks->shared[a + 1], ranks->images);
    study_judge(study, "section5.1.rank.same-patches", steps, ARMS - 1, 1,
                "paired bootstrap over images of each step, nested masks",
                "one model per ratio; the least of %d steps", ARMS - 1);
}

// Both ends of the ratios, by each quality, for each number of regions. At smoke two ratios have
// none between them, so what is said about the best is left open.
static void judge_ends(struct study *study, const struct dial *dial)
{
    enum { PARTS = 2 * QUALITIES * DIAL_REGIONS };
    const char *id = "section5.1.clusters";
    const double asked = run_claim(&study->run, id).effect / 2;
    struct estimate ends[PARTS] = {{0}};
    size_t count = 0, worse[QUALITIES][2] = {{0}};
    char found[160] = "no ratio lies between the ends";
    for (int q = 0; q < QUALITIES; ++q)
        for (size_t k = 0; k < dial->region_count; ++k)
            for (int end = 0; end < 2; ++end, ++count) {
                ends[count] = dial_end(dial, k, (enum quality)q, end,
                                       study->run.options.seed, &study->arena);
                worse[q][end] += ends[count].value >= asked;
            }
    if (!isnan(ends[0].value))
        snprintf(found, sizeof found,
                 "worse by %g or more, of %zu numbers of regions: the lowest ratio in "
                 "%zu by segmentation, %zu by probe; the highest in %zu and %zu",
                 asked, dial->region_count, worse[QUALITY_SEGMENTS][0],
                 worse[QUALITY_PROBE][0], worse[QUALITY_SEGMENTS][1],
                 worse[QUALITY_PROBE][1]);
    study_judge(study, id, ends, count, (int)dial->seeds,
                dial->seeds == 1
                    ? "best ratio chosen on even scenes, both ends compared on odd "
                      "ones, bootstrap over scenes of one seed"
                    : "best ratio chosen on even scenes of the other seeds, both ends "
                      "compared on odd ones, bootstrap over seeds and scenes",
                "%s", found);
}

void judge_dial(struct study *study, const struct dial *dial)
{
    struct estimate contrast[QUALITIES];
    for (int q = 0; q < QUALITIES; ++q)
        contrast[q] = dial_contrast(dial, (enum quality)q, study->run.options.seed,
                                    &study->arena);
    study_judge(
        study, "section5.1.optimal-ratio", contrast, QUALITIES, (int)dial->seeds,
        dial->seeds == 1
            ? "bootstrap over scenes of one seed of the contrast of ratios and regions"
            : "bootstrap over seeds and scenes of the contrast of ratios and regions",
        "segmentation %+.1f [%.1f, %.1f], probe %+.1f [%.1f, %.1f] points; best "
        "ratio %.2f to %.2f by segmentation, %.2f to %.2f by probe",
        contrast[0].value, contrast[0].low, contrast[0].high, contrast[1].value,
        contrast[1].low, contrast[1].high,
        dial->ratio[dial_best(dial, 0, QUALITY_SEGMENTS)],
        dial->ratio[dial_best(dial, dial->region_count - 1, QUALITY_SEGMENTS)],
        dial->ratio[dial_best(dial, 0, QUALITY_PROBE)],
        dial->ratio[dial_best(dial, dial->region_count - 1, QUALITY_PROBE)]);
    judge_ends(study, dial);
}
