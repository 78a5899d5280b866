#include <math.h>
#include <string.h>

#include "core/train/task_queue.h"
#include "experiments/04-probing/probing.h"

// "Solved": no component of the mean loss's gradient is larger than the last number.
static const struct lbfgs_settings SOLVER = {30, 20000, 1e-6};

struct task {
    struct configuration *configuration;
    size_t number; // of the rate that is tried, or of the seed
};

// Trainings that run at the same time: all that choose rates, or all others.
struct trainings {
    struct probing *probing;
    int searching;
    double epochs;
    struct task *task;
    size_t *cost; // in epochs of a linear probe, roughly
    size_t count;
};

// An epoch's cost in epochs of a linear probe.
static size_t epoch_cost(const struct configuration *configuration)
{
    return configuration->seen == SEEN_BLOCK   ? 40
           : configuration->seen == SEEN_UNITS ? 8
                                               : 1;
}

// Where the end of an epoch is reported.
struct watch {
    struct task_queue *queue;
    int worker;
    size_t cost;
};

static void after_epoch(void *context)
{
    const struct watch *watch = context;
    task_queue_advance(watch->queue, watch->worker, watch->cost);
}

static struct probe_set part_of(struct probe_set set, size_t first, size_t last)
{
    return (struct probe_set){features_part(&set.features, first, last),
                              set.labels + first};
}

static struct probe_settings settings_of(const struct trainings *trainings,
                                         const struct task *task, size_t seed)
{
    const struct configuration *configuration = task->configuration;
    struct probe_settings settings = {
        .recipe = probe_recipe_shorten(&PROBE_RECIPE, trainings->epochs),
        .classes = IMAGE_CLASSES,
        .batch_norm = configuration->batch_norm,
        .last_only = configuration->choice == RATE_CHOSEN,
        .seed = trainings->probing->run->options.seed + seed};
    settings.recipe.learning_rate =
        trainings->searching ? PROBE_RECIPE.learning_rate * rate_factor[task->number]
                             : configuration->rate;
    return settings;
}

// Tries one rate: trains on the training images but the first, and answers on those. The test images are
// not looked at.
static void try_rate(const struct trainings *trainings, const struct task *task,
                     struct watch *watch)
{
    const struct probing *probing = trainings->probing;
    struct configuration *configuration = task->configuration;
    const struct probe_settings settings = settings_of(trainings, task, 0);
    const struct adapter adapter = features_adapter(probing, configuration);
    const struct probe_set all =
        features_seen(probing, configuration->seen, 0, SPLIT_TRAIN);
    const struct probe_set train = part_of(all, probing->held_out, all.features.images),
                           test = part_of(all, 0, probing->held_out);
    struct arena arena;
    arena_open_growing(&arena, "answers");
    uint8_t *answers = arena_take(&arena, test.features.images, 1);
    configuration->held_out[task->number] =
        probe_fit(answers, &settings, &adapter, &train, &test, after_epoch, watch)
            .accuracy;
    arena_close(&arena);
}

static void train_seed(const struct trainings *trainings, const struct task *task,
                       struct watch *watch)
{
    const struct probing *probing = trainings->probing;
    struct configuration *configuration = task->configuration;
    struct answers *answers = &configuration->answers;
    const size_t seed = task->number;
    const struct probe_settings settings = settings_of(trainings, task, seed);
    const struct adapter adapter = features_adapter(probing, configuration);
    const struct probe_set train = features_seen(probing, configuration->seen, seed,
                                                 SPLIT_TRAIN),
                           test = features_seen(probing, configuration->seen, seed,
                                                SPLIT_TEST);
    const struct probe_outcome outcome =
        probe_fit(answers->predicted + seed * answers->images, &settings, &adapter,
                  &train, &test, after_epoch, watch);
    answers->highest[seed] = outcome.best;
    if (seed == 0) configuration->fusion = outcome.fusion;
}

static void solve(const struct probing *probing, struct configuration *configuration)
{
    const struct probe_set train = features_seen(probing, configuration->seen, 0,
                                                 SPLIT_TRAIN),
                           test = features_seen(probing, configuration->seen, 0,
                                                SPLIT_TEST);
    configuration->solution = solved_probe_fit(configuration->answers.predicted,
                                               IMAGE_CLASSES, configuration->batch_norm,
                                               SUMMARY_CLASS, &train, &test, &SOLVER);
    configuration->answers.highest[0] = (double)NAN;
}

static void run_task(size_t number, int worker, struct task_queue *queue, void *context)
{
    const struct trainings *trainings = context;
    const struct task *task = &trainings->task[number];
    struct watch watch = {queue, worker, epoch_cost(task->configuration)};
    if (trainings->searching)
        try_rate(trainings, task, &watch);
    else if (task->configuration->choice == RATE_NONE)
        solve(trainings->probing, task->configuration);
    else
        train_seed(trainings, task, &watch);
}

// `count` tasks of a configuration. A solution has no epochs to report.
static void add(struct trainings *trainings, struct configuration *configuration,
                size_t count)
{
    const size_t cost =
        configuration->choice == RATE_NONE
            ? 0
            : (size_t)ceil(trainings->epochs) * epoch_cost(configuration);
    for (size_t number = 0; number < count; ++number) {
        trainings->task[trainings->count] = (struct task){configuration, number};
        trainings->cost[trainings->count++] = cost;
    }
}

static void run_all(struct probing *probing, int searching)
{
    struct arena arena;
    arena_open_growing(&arena, "trainings");
    const size_t most = CONFIGURATIONS * (RATES + probing->scale.seeds);
    struct trainings trainings = {.probing = probing,
                                  .searching = searching,
                                  .epochs = searching ? probing->scale.search_epochs
                                                      : probing->scale.epochs,
                                  .task = arena_take(&arena, most, sizeof(struct task)),
                                  .cost = arena_take(&arena, most, sizeof(size_t))};
    for (size_t c = 0; c < CONFIGURATIONS; ++c) {
        struct configuration *configuration = &probing->configuration[c];
        if (!searching && !configuration_memo(configuration, probing->configuration))
            add(&trainings, configuration, configuration->answers.seeds);
        if (searching && configuration->choice == RATE_CHOSEN)
            add(&trainings, configuration, RATES);
    }
    task_queue_run(trainings.cost, trainings.count, probing->run->options.threads,
                   searching ? "rates" : "probes", run_task, &trainings);
    arena_close(&arena);
}

// The first seeds' trainings, where the recipe has done the same.
static void repeat(struct configuration *configuration,
                   const struct configuration *same)
{
    struct answers *answers = &configuration->answers;
    memcpy(answers->predicted, same->answers.predicted,
           answers->seeds * answers->images);
    memcpy(answers->highest, same->answers.highest,
           answers->seeds * sizeof *answers->highest);
    configuration->fusion = same->fusion;
}

void probing_train(struct probing *probing)
{
    const uint8_t *labels = probing->images[SPLIT_TEST].labels;
    const uint64_t seed = probing->run->options.seed;
    struct configuration *all = probing->configuration;
    run_all(probing, 1);
    for (size_t c = 0; c < CONFIGURATIONS; ++c)
        if (all[c].choice == RATE_CHOSEN) configuration_choose(&all[c]);
    run_all(probing, 0);
    for (size_t c = 0; c < CONFIGURATIONS; ++c) {
        const struct configuration *same = configuration_memo(&all[c], all);
        if (same) repeat(&all[c], same);
        answers_measure(&all[c].answers, labels, seed);
    }
    for (struct difference *gap = probing->gap; gap < probing->gap + GAPS; ++gap)
        gap->gain = answers_gain(&all[gap->better].answers, &all[gap->worse].answers,
                                 labels, seed);
}
