#include <stdio.h>
#include <string.h>

#include "core/train/finetune.h"
#include "experiments/05-heads/heads.h"

const struct method methods[METHODS] = {
    {"lp", "linear probe", {"table2.lp-h3", "table2.lp-h6"}, "table2.lp-heads"},
    {"finetuned", "finetuning", {"table2.ft-h3", "table2.ft-h6"}, "table2.ft-heads"},
    {"scratch", "from scratch (not in the paper)", {NULL, NULL}, NULL},
};

static const struct heads_scale scales[] = {
    [TIER_SMOKE] = {.probe_epochs = 10, .seeds = {2, 1, 1}},
    [TIER_DESK] = {.probe_epochs = 100, .seeds = {5, 1, 1}},
    [TIER_PAPER] = {.probe_epochs = 100, .seeds = {5, 1, 1}},
};

struct heads_scale heads_scale(const struct run *run)
{
    struct heads_scale scale = scales[run->options.tier];
    scale.epochs = run->options.epochs;
    scale.images = finetune_images(run->options.tier_name, scale.epochs);
    for (int m = 0; m < METHODS && run->options.seeds > 0; ++m)
        scale.seeds[m] = (size_t)run->options.seeds;
    return scale;
}

void heads_open(struct heads *heads, struct study *study)
{
    static const char *const names[MODELS] = TABLE2_RUNS;
    const struct run *run = &study->run;
    *heads = (struct heads){.study = study,
                            .scale = heads_scale(run),
                            .arithmetic = arithmetic_choose(run->options.arithmetic)};
    heads->pretrained =
        memcpy(arena_take(&study->arena, STUDY_SCALE, 1), study->scale, STUDY_SCALE);
    for (size_t model = 0; model < MODELS; ++model) {
        heads->recipe[model] = finetune_recipe(run->options.tier_name, names[model]);
        if (heads->scale.epochs > 0)
            recipe_set_epochs(&heads->recipe[model], heads->scale.epochs);
    }
}

struct study_finetuning heads_finetuning(const struct heads *heads, size_t model,
                                         int method)
{
    return (struct study_finetuning){methods[method].key,
                                     "table2",
                                     model,
                                     method == METHOD_SCRATCH,
                                     heads->recipe[model],
                                     heads->few,
                                     heads->arithmetic};
}

void heads_train(struct heads *heads)
{
    struct study *study = heads->study;
    const struct images *test = &study->images[SPLIT_TEST];
    const uint64_t seed = study->run.options.seed;
    heads->few = study->images[SPLIT_TRAIN];
    if (heads->scale.images > 0 && heads->scale.images < heads->few.count)
        heads->few.count = heads->scale.images;
    for (size_t model = 0; model < MODELS; ++model)
        for (int m = 0; m < METHODS; ++m) {
            const struct study_finetuning finetuning =
                heads_finetuning(heads, model, m);
            struct answers *answers = &heads->answers[model][m];
            answers_open(answers, heads->scale.seeds[m], test->count, &study->arena);
            if (m == METHOD_PROBE)
                study_probe(answers, study, model, heads->scale.probe_epochs);
            else
                heads->trained[model][m] = study_finetune(answers, study, &finetuning);
            answers_measure(answers, test->labels, seed);
        }
    for (int m = 0; m < METHODS; ++m)
        heads->difference[m] =
            answers_gain(&heads->answers[SIX_HEADS][m], &heads->answers[THREE_HEADS][m],
                         test->labels, seed);
    for (size_t model = 0; model < MODELS; ++model)
        heads->pretraining[model] =
            answers_gain(&heads->answers[model][METHOD_FINETUNED],
                         &heads->answers[model][METHOD_SCRATCH], test->labels, seed);
    heads->gap =
        answers_gain(&heads->answers[THREE_HEADS][METHOD_FINETUNED],
                     &heads->answers[THREE_HEADS][METHOD_PROBE], test->labels, seed);
}

void heads_describe(char text[STUDY_SCALE], const struct heads *heads, int method)
{
    static const char *const done[METHODS] = {"probed", "finetuned",
                                              "trained from scratch"};
    const int probed = method == METHOD_PROBE, scratch = method == METHOD_SCRATCH;
    const double epochs =
        probed ? heads->scale.probe_epochs : heads->recipe[THREE_HEADS].epochs;
    const size_t seeds = heads->scale.seeds[method],
                 images = probed ? heads->study->images[SPLIT_TRAIN].count
                                 : heads->few.count;
    const char *one = heads->trained[THREE_HEADS][method],
               *other = heads->trained[SIX_HEADS][method];
    const int differ = !probed && strcmp(one, other) != 0;
    snprintf(text, STUDY_SCALE,
             "%s%s%s on %zu images for %g epoch%s, %zu seed%s, %s%s%s",
             scratch ? "" : heads->pretrained, scratch ? "" : "; ", done[method],
             images, epochs, epochs == 1 ? "" : "s", seeds, seeds == 1 ? "" : "s",
             probed ? "fp32" : one, differ ? " and " : "", differ ? other : "");
}
