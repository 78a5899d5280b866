#include "experiments/08-visible-tokens/judge.h"

#include <math.h>

#include "core/base/die.h"
#include "core/data/images.h"
#include "core/stats/bootstrap.h"
#include "core/study/judgement.h"

void judge_spans(struct measured *measured, struct study *study,
                 const struct tokens *tokens)
{
    const size_t n = tokens->images;
    double *own = arena_doubles(&study->arena, n),
           *other = arena_doubles(&study->arena, n);
    for (int space = 0; space < SPACES; ++space) {
        span_shares(own, other, tokens, (enum space)space, &study->arena);
        for (size_t i = 0; i < n; ++i)
            if (isnan(own[i]) || isnan(other[i]))
                die(EXIT_INPUT, "%s: its tokens are zero (train it again)",
                    study->model->file.path);
        measured->own[space] = study_mean(study, own, n);
        measured->other[space] = study_mean(study, other, n);
        measured->lead[space] = study_gap(study, own, other, n);
    }
    study_judge(
        study, "assumption4.5", &measured->lead[SPACE_ENCODER], 1, 0,
        "paired bootstrap over images",
        "own image %.3f, another image %.3f; decoder's tokens %.3f, %.3f",
        measured->own[SPACE_ENCODER].value, measured->other[SPACE_ENCODER].value,
        measured->own[SPACE_DECODER].value, measured->other[SPACE_DECODER].value);
}

// sum of x over sum of y, with its interval.
static struct estimate ratio_of(const struct study *study, const double *x,
                                const double *y, size_t n)
{
    const struct statistic statistic = {STATISTIC_RATIO, x, y};
    struct estimate ratio;
    bootstrap_intervals(&ratio, &statistic, 1, n, BOOTSTRAP_RESAMPLES,
                        study->run.options.seed);
    return ratio;
}

// A good guess explains a patch as well as a copy of it does, so what outputs at hidden places
// explain of patches that no token has seen is recorded too, and what a patch of one colour does.
static void measure_outputs(struct measured *measured, struct study *study,
                            const struct tokens *tokens)
{
    const size_t n = tokens->images;
    double *kept[2], *spread[2];
    for (int hidden = 0; hidden < 2; ++hidden) {
        kept[hidden] = arena_doubles(&study->arena, n);
        spread[hidden] = arena_doubles(&study->arena, n);
        outputs_explain(kept[hidden], spread[hidden], tokens, hidden);
    }
    measured->outputs = ratio_of(study, kept[0], spread[0], n);
    measured->guesses = ratio_of(study, kept[1], spread[1], n);
    colours_explain(kept[0], spread[0], tokens, IMAGE_CHANNELS);
    measured->colours = ratio_of(study, kept[0], spread[0], n);
    study_judge(study, "eq17", &measured->outputs, 1, 0,
                "bootstrap over images of 1 - squared error / squared deviation",
                "at visible places, where the loss asks for nothing, %.3f; at hidden "
                "ones, of patches that no token has seen, %.3f; a visible patch's mean "
                "colour alone, %.3f",
                measured->outputs.value, measured->guesses.value,
                measured->colours.value);
}

void judge_contents(struct measured *measured, struct study *study,
                    const struct tokens *tokens)
{
    const size_t n = tokens->images, half = n - n / 2;
    double *own = arena_doubles(&study->arena, n),
           *other = arena_doubles(&study->arena, n),
           *spread = arena_doubles(&study->arena, n);
    measure_outputs(measured, study, tokens);
    tokens_explain(own, other, spread, tokens, &study->arena);
    measured->mapped = ratio_of(study, own, spread, half);
    measured->mapped_other = ratio_of(study, other, spread, half);
    for (size_t i = 0; i < half; ++i) own[i] -= other[i];
    const struct estimate lead = ratio_of(study, own, spread, half);
    study_judge(study, "eq17.corrected", &lead, 1, 0,
                "paired bootstrap over the images that no map was fitted to",
                "own token %.3f, another image's at the same place %.3f",
                measured->mapped.value, measured->mapped_other.value);
}

void judge_attention(struct measured *measured, struct study *study,
                     const struct tokens *tokens)
{
    const size_t n = tokens->images;
    double *partial = arena_doubles(&study->arena, CAUSES * n),
           *plain = arena_doubles(&study->arena, CAUSES * n);
    struct estimate parts[2 * SHAPE_BLOCKS];
    measured->blocks = tokens->blocks;
    measured->causes = tokens->region ? CAUSES : CAUSE_REGION;
    for (size_t b = 0; b < tokens->blocks; ++b) {
        attention_causes(partial, plain, tokens, b, &study->arena);
        for (size_t i = 0; i < CAUSES * n; ++i)
            if (isnan(partial[i]))
                die(EXIT_INPUT,
                    "%s: the decoder's block %zu attends to all tokens alike (train it "
                    "again)",
                    study->model->file.path, b);
        for (int c = 0; c < measured->causes; ++c) {
            measured->partial[b][c] = study_mean(study, partial + (size_t)c * n, n);
            measured->plain[b][c] = study_mean(study, plain + (size_t)c * n, n);
        }
        parts[2 * b] = measured->partial[b][CAUSE_SIMILARITY];
        parts[2 * b + 1] = study_gap(study, partial + CAUSE_SIMILARITY * n,
                                     partial + CAUSE_NEARNESS * n, n);
    }
    study_judge(study, "lemma4.6.conclusion", parts, 2 * tokens->blocks, 0,
                "bootstrap over images of partial correlations, every block's and its "
                "lead over nearness",
                "%s", tokens->region ? "given the true regions too" : "");
}
