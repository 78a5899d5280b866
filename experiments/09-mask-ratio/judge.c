#include "experiments/09-mask-ratio/judge.h"

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
        study_judge(study, id[share], &learned, 1, 1,
                    "bootstrap over images of each image's slope, minus 1",
                    "one model a ratio; best linear predictor %.3f [%.3f, %.3f]",
                    linear.value, linear.low, linear.high);
    }
    struct estimate steps[ARMS - 1];
    for (size_t a = 0; a + 1 < ARMS; ++a)
        steps[a] =
            study_gap(study, ranks->shared[a], ranks->shared[a + 1], ranks->images);
    study_judge(study, "section5.1.rank.same-patches", steps, ARMS - 1, 1,
                "paired bootstrap over images of each step, nested masks",
                "one model a ratio; the least of %d steps", ARMS - 1);
}

// At smoke two ratios have none between them, so what is said about the best is left open.
void judge_dial(struct study *study, const struct dial *dial)
{
    enum { PARTS = 2 * QUALITIES * DIAL_REGIONS };
    const uint64_t seed = study->run.options.seed;
    struct estimate contrast[QUALITIES], ends[PARTS];
    size_t count = 0;
    for (int q = 0; q < QUALITIES; ++q) {
        contrast[q] = dial_contrast(dial, (enum quality)q, seed, &study->arena);
        for (size_t k = 0; k < dial->region_count; ++k)
            for (int end = 0; end < 2; ++end)
                ends[count++] =
                    dial_end(dial, k, (enum quality)q, end, seed, &study->arena);
    }
    study_judge(
        study, "section5.1.optimal-ratio", contrast, QUALITIES, (int)dial->seeds,
        "bootstrap over seeds and scenes of the contrast of ratios and regions",
        "segmentation %+.1f [%.1f, %.1f], probe %+.1f [%.1f, %.1f] points; best "
        "ratio %.2f to %.2f by segmentation, %.2f to %.2f by probe",
        contrast[0].value, contrast[0].low, contrast[0].high, contrast[1].value,
        contrast[1].low, contrast[1].high,
        dial->ratio[dial_best(dial, 0, QUALITY_SEGMENTS)],
        dial->ratio[dial_best(dial, dial->region_count - 1, QUALITY_SEGMENTS)],
        dial->ratio[dial_best(dial, 0, QUALITY_PROBE)],
        dial->ratio[dial_best(dial, dial->region_count - 1, QUALITY_PROBE)]);
    study_judge(study, "section5.1.clusters", ends, count, (int)dial->seeds,
                "best ratio chosen on even scenes of the other seeds, both ends "
                "compared on odd ones, bootstrap over seeds and scenes",
                "the least of %zu ends", count);
}
