#include "experiments/04-probing/folder.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/lars_probe.h"
#include "core/analysis/last_block.h"
#include "core/base/die.h"
#include "core/model/lanes.h"
#include "core/report/run_files.h"
#include "core/study/judgement.h"
#include "core/study/results.h"
#include "core/train/task_queue.h"

static const struct {
    const char *key, *label;
    int lars, batch_norm;
} PROBES[FOLDER_PROBES] = {
    [FOLDER_LP] = {"lp", "LP, LARS (MAE's recipe)", 1, 0},
    [FOLDER_BN_LP] = {"bn-lp", "BN+LP, LARS (MAE's recipe)", 1, 1},
    [FOLDER_PARTIAL] = {"partial", "partial finetuning (last qkv), AdamW", 0, 0},
    [FOLDER_LP_PUBLIC] = {"lp-public", "LP, AdamW (CIFAR-10's recipe)", 0, 0},
    [FOLDER_BN_LP_PUBLIC] = {"bn-lp-public", "BN+LP, AdamW (CIFAR-10's recipe)", 0, 1},
};

// A label that no classifier gives: a test image that cannot be decoded counts as wrong.
enum { NO_CLASS = UINT16_MAX };

// ====== Training ======

struct task {
    int probe;
    size_t seed;
};

struct tasks {
    struct folder_probing *probing;
    struct task *task;
};

// An epoch, in epochs of a linear probe.
static size_t epoch_cost(int probe)
{
    return probe == FOLDER_PARTIAL ? 200 : 1;
}

static struct probe_set set_of(const struct folder_probing *probing, int probe,
                               enum split split)
{
    const struct feature_shards *shards = &probing->shards[split];
    return (struct probe_set){probe == FOLDER_PARTIAL ? shards->features.block
                                                      : shards->features.summary,
                              shards->labels};
}

static struct lars_recipe lars_recipe(double epochs)
{
    struct lars_recipe recipe = LARS_RECIPE;
    if (epochs > 0) {
        recipe.warmup *= epochs / recipe.epochs;
        recipe.epochs = epochs;
    }
    return recipe;
}

static struct probe_recipe public_recipe(double epochs)
{
    return probe_recipe_shorten(&PROBE_RECIPE,
                                epochs > 0 ? epochs : PROBE_RECIPE.epochs);
}

static void train(size_t number, int worker, struct task_queue *queue, void *context)
{
    const struct tasks *tasks = context;
    const struct task *task = &tasks->task[number];
    struct folder_probing *probing = tasks->probing;
    const struct run_options *options = &probing->study->run.options;
    struct answers *answers = &probing->answers[task->probe];
    uint16_t *predicted = answers->predicted + task->seed * answers->images;
    struct task_epoch epoch = {queue, worker, epoch_cost(task->probe)};
    const size_t classes = probing->folder->folder.classes;
    const uint64_t seed = options->seed + task->seed;
    const uint8_t *bad = probing->shards[SPLIT_TRAIN].bad;
    const struct probe_set seen = set_of(probing, task->probe, SPLIT_TRAIN),
                           test = set_of(probing, task->probe, SPLIT_TEST);
    answers->highest[task->seed] = (double)NAN;
    if (PROBES[task->probe].lars) {
        const struct lars_probe probe = {lars_recipe(options->epochs), classes,
                                         SUMMARY_CLASS, PROBES[task->probe].batch_norm,
                                         seed};
        probe_check(lars_probe_fit(predicted, &probe, &seen, SHARD_IMAGES, bad, &test,
                                   task_queue_epoch, &epoch),
                    probe.recipe.base_rate);
        return;
    }
    const struct probe_settings settings = {.recipe = public_recipe(options->epochs),
                                            .classes = classes,
                                            .batch_norm =
                                                PROBES[task->probe].batch_norm,
                                            .last_only = 1,
                                            .seed = seed};
    const struct adapter adapter =
        task->probe == FOLDER_PARTIAL
            ? last_block_adapter(&probing->block,
                                 PROJECTION_QUERY | PROJECTION_KEY | PROJECTION_VALUE)
            : adapter_none(SUMMARY_CLASS, seen.features.width);
    probe_check(streamed_probe_fit(predicted, &settings, &adapter, &seen, SHARD_IMAGES,
                                   bad, &test, task_queue_epoch, &epoch)
                    .loss,
                settings.recipe.learning_rate);
}

// Every seed of every probe, each on one thread: no bit depends on how many there are.
static void train_all(struct folder_probing *probing)
{
    struct arena *arena = &probing->study->arena;
    const struct run_options *options = &probing->study->run.options;
    const size_t most = FOLDER_PROBES * probing->seeds;
    struct tasks tasks = {probing, arena_take(arena, most, sizeof(struct task))};
    size_t *cost = arena_take(arena, most, sizeof *cost), count = 0;
    const size_t lars = (size_t)ceil(lars_recipe(options->epochs).epochs),
                 adamw = (size_t)ceil(public_recipe(options->epochs).epochs);
    for (int p = 0; p < FOLDER_PROBES; ++p) {
        if (p == FOLDER_PARTIAL && !probing->partial) continue;
        answers_open(&probing->answers[p], probing->seeds,
                     probing->folder->images[SPLIT_TEST], arena);
        for (size_t s = 0; s < probing->seeds; ++s) {
            tasks.task[count] = (struct task){p, s};
            cost[count++] = (PROBES[p].lars ? lars : adamw) * epoch_cost(p);
        }
    }
    task_queue_run(cost, count, options->threads, "probes", train, &tasks);
    const uint16_t *labels = probing->shards[SPLIT_TEST].labels;
    for (int p = 0; p < FOLDER_PROBES; ++p)
        if (p != FOLDER_PARTIAL || probing->partial)
            answers_measure(&probing->answers[p], labels, options->seed);
    probing->bn = answers_gain(&probing->answers[FOLDER_BN_LP],
                               &probing->answers[FOLDER_LP], labels, options->seed);
    if (probing->partial)
        probing->tuned =
            answers_gain(&probing->answers[FOLDER_PARTIAL],
                         &probing->answers[FOLDER_BN_LP], labels, options->seed);
}

// ====== Features ======

// bad-files.tsv, and what bad files mean for the verdicts.
static void report_bad(struct folder_probing *probing,
                       const struct shard_source source[2])
{
    struct run *run = &probing->study->run;
    char path[PATH_SIZE], text[64];
    struct output output;
    int many = 0;
    run_path(path, run, "bad-files.tsv");
    output_open(&output, path);
    fputs("split\tfile\treason\n", output.file);
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s) {
        const struct feature_shards *shards = &probing->shards[s];
        const size_t images = probing->folder->images[s];
        if (shards->bad_count > 0)
            feature_shards_list_bad(output.file, &source[s], images);
        many |= shards->bad_count * 10000 > images;
        snprintf(text, sizeof text, "%zu bad, %zu with warnings, of %zu",
                 shards->bad_count, shards->warnings, images);
        run_note(run, s == SPLIT_TRAIN ? "training images" : "test images", text, 0);
        run_note(run, s == SPLIT_TRAIN ? "training data digest" : "test data digest",
                 shards->digest, 0);
        if (shards->bad_count > 0)
            printf("%s images: %s; named in %s\n",
                   s == SPLIT_TRAIN ? "training" : "test", text, path);
    }
    output_close(&output);
    if (many) {
        const size_t used = strlen(probing->doubts);
        snprintf(probing->doubts + used, sizeof probing->doubts - used, "%sbad images",
                 used ? "; " : "");
    }
}

// What the probes cannot treat is told before hours of encoding.
static void check_width(const struct folder_probing *probing)
{
    const struct weights *weights = &probing->folder->vit.weights;
    const int width = weights->mae.shape.width;
    if (width > BATCH_NORM_WIDEST)
        die(EXIT_INPUT,
            "%s: tokens of %d numbers, %d are the most that are normalised "
            "here (give a narrower encoder)",
            weights->file.path, width, BATCH_NORM_WIDEST);
    if (probing->partial && width % LANES != 0)
        die(EXIT_INPUT, "%s: tokens of %d numbers, not a multiple of %d (PARTIAL=0)",
            weights->file.path, width, LANES);
}

static void encode(struct folder_probing *probing)
{
    check_width(probing);
    struct study *study = probing->study;
    struct shard_source source[2];
    char salt[2][FOLDER_SALT], path[2][PATH_SIZE];
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s) {
        source[s] = folder_shards(probing->folder, &study->run, (enum split)s,
                                  probing->partial, salt[s], path[s]);
        if (feature_shards_open(&probing->shards[s], probing->folder->images[s],
                                &source[s]))
            die(EXIT_INPUT, "%s: its tokens are not finite (fetch the file again)",
                probing->folder->vit.weights.file.path);
    }
    report_bad(probing, source);
    const size_t bad = probing->shards[SPLIT_TRAIN].bad_count,
                 images = probing->folder->images[SPLIT_TRAIN];
    if (images - bad < 2)
        die(EXIT_INPUT,
            "imagefolder: %zu of %zu training images cannot be decoded, too many to "
            "train on (unpack the archive again)",
            bad, images);
    struct feature_shards *test = &probing->shards[SPLIT_TEST];
    for (size_t i = 0; i < probing->folder->images[SPLIT_TEST]; ++i)
        if (test->bad[i]) test->labels[i] = NO_CLASS;
}

// ====== Judging ======

static const struct {
    const char *what, *id;
    int probe;
} ACCURACIES[] = {
    {"ImageNet-1K, LP", "table1.imagenet.lp", FOLDER_LP},
    {"ImageNet-1K, BN+LP", "table1.imagenet.bn-lp", FOLDER_BN_LP},
    {"ImageNet-1K, partial finetuning", "table1.imagenet.partial", FOLDER_PARTIAL},
};

// A printed accuracy: judged on the whole of ImageNet-1K by the whole recipe, else shown only.
static void judge_accuracy(const struct folder_probing *probing, const char *id,
                           int probe)
{
    const struct answers *answers = &probing->answers[probe];
    struct study *study = probing->study;
    static const char test[] = "accuracy after the last epoch, bootstrap over images";
    if (probe == FOLDER_PARTIAL && !probing->partial)
        run_verdict(&study->run, id, VERDICT_NOT_RUN, NULL, "", "PARTIAL=0");
    else if (*probing->doubts)
        run_verdict(&study->run, id, VERDICT_NOT_RUN, &answers->accuracy, test,
                    probing->doubts);
    else
        study_judge(study, id, &answers->accuracy, 1, 0, test, "%s",
                    PROBES[probe].label);
}

static void judge_gap(const struct folder_probing *probing, const char *id,
                      const struct gain *gain)
{
    study_judge(probing->study, id, &gain->points, 1, 0, "paired bootstrap over images",
                "given these weights; first seeds: McNemar mid-p %.2g",
                gain->mcnemar.mid_p);
}

static void judge(const struct folder_probing *probing)
{
    struct run *run = &probing->study->run;
    for (size_t i = 0; i < sizeof ACCURACIES / sizeof *ACCURACIES; ++i)
        judge_accuracy(probing, ACCURACIES[i].id, ACCURACIES[i].probe);
    if (*probing->doubts) run_pilot(run, "%s", probing->doubts);
    judge_gap(probing, "table1.imagenet.bn-over-lp", &probing->bn);
    if (probing->partial)
        judge_gap(probing, "table1.imagenet.partial-over-bn", &probing->tuned);
    run_verdict_rest(run, probing->partial ? "judged on CIFAR-10: make table1"
                                           : "PARTIAL=0, or judged on CIFAR-10");
}

// ====== Emitting ======

static void emit_table(const struct folder_probing *probing)
{
    struct run *run = &probing->study->run;
    struct table table;
    char about[STUDY_SCALE + 128];
    table_open(
        &table, 5,
        (const char *const[]){"Table 1", "published", "measured", "verdict", "why"});
    for (size_t i = 0; i < sizeof ACCURACIES / sizeof *ACCURACIES; ++i) {
        const int probe = ACCURACIES[i].probe,
                  there = probe != FOLDER_PARTIAL || probing->partial;
        claim_row(&table, run, ACCURACIES[i].what, ACCURACIES[i].id,
                  there ? &probing->answers[probe].accuracy : NULL,
                  there ? probing->doubts : "PARTIAL=0");
    }
    claim_row(&table, run, "ImageNet-1K, BN+LP minus LP", "table1.imagenet.bn-over-lp",
              &probing->bn.points, probing->doubts);
    claim_row(&table, run, "ImageNet-1K, partial minus BN+LP",
              "table1.imagenet.partial-over-bn",
              probing->partial ? &probing->tuned.points : NULL,
              probing->partial ? probing->doubts : "PARTIAL=0");
    snprintf(about, sizeof about,
             "Table 1: accuracy in percent on the folder's validation images after the "
             "last epoch; %s.",
             probing->study->scale);
    run_table(run, "table1.md", about, &table, "");
    table_close(&table);
}

static void emit_probes(const struct folder_probing *probing)
{
    struct run *run = &probing->study->run;
    struct table table;
    table_open(&table, 3, (const char *const[]){"probe", "accuracy", "seeds' range"});
    for (int p = 0; p < FOLDER_PROBES; ++p) {
        const struct answers *answers = &probing->answers[p];
        char accuracy[NUMBER_TEXT], range[NUMBER_TEXT];
        if (p == FOLDER_PARTIAL && !probing->partial) continue;
        put_estimate(run, accuracy, answers->accuracy, "%", "%s.accuracy",
                     PROBES[p].key);
        put_number(run, NULL, answers->least, 0, "%", "%s.least", PROBES[p].key);
        put_number(run, NULL, answers->most, 0, "%", "%s.most", PROBES[p].key);
        snprintf(range, sizeof range, "%.2f .. %.2f", answers->least, answers->most);
        table_row(&table, (const char *const[]){PROBES[p].label, accuracy, range});
    }
    put_estimate(run, NULL, probing->bn.points, "points", "bn-over-lp.points");
    if (probing->partial)
        put_estimate(run, NULL, probing->tuned.points, "points",
                     "partial-over-bn.points");
    run_table(run, "probes.md",
              "Every probe, percent of validation images, 90 % intervals over images. "
              "Features are of centre crops, without MAE's random crops and flips.",
              &table, "");
    table_close(&table);
}

void folder_run(struct study *study)
{
    struct folder_probing probing = {
        .study = study,
        .folder = study->folder,
        .partial = study->run.options.partial,
        .seeds = study->run.options.seeds > 0 ? (size_t)study->run.options.seeds : 1};
    const struct vit_weights *vit = &probing.folder->vit;
    folder_doubts(probing.doubts, probing.folder, &study->run);
    folder_plan(probing.folder, &study->run, probing.seeds, probing.partial);
    snprintf(study->scale, sizeof study->scale, "%zu training images, %zu seed%s",
             probing.folder->images[SPLIT_TRAIN], probing.seeds,
             probing.seeds == 1 ? "" : "s");
    last_block_open(&probing.block, &vit->weights.mae, vit->weights.slab,
                    &study->arena);
    encode(&probing);
    train_all(&probing);
    judge(&probing);
    emit_table(&probing);
    emit_probes(&probing);
    for (int s = SPLIT_TRAIN; s <= SPLIT_TEST; ++s)
        feature_shards_close(&probing.shards[s]);
}
