#include "core/analysis/probe_grid.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/train/classify.h"
#include "core/train/task_queue.h"

const double grid_rate_factor[GRID_RATES] = {1, 4, 16, 64, 256, 1024};

// "Solved": no component of the mean loss's gradient is larger than the last number.
static const struct lbfgs_settings SOLVER = {30, 20000, 1e-8};

double grid_probe_rate(const struct grid_probe *probe, size_t r)
{
    const double first =
        probe->lars ? probe->lars->base_rate : PROBE_RECIPE.learning_rate;
    return first * grid_rate_factor[r];
}

void grid_probe_choose(struct grid_probe *probe)
{
    double best = -1;
    require(probe->rates > 0 && probe->rates <= GRID_RATES, "%s: %zu rates of %d",
            probe->key, probe->rates, GRID_RATES);
    for (size_t r = 0; r < probe->rates; ++r)
        if (probe->held_out[r] > best) {
            best = probe->held_out[r];
            probe->rate = grid_probe_rate(probe, r);
        }
}

int grid_rate_at_end(const struct grid_probe *probe)
{
    return probe->choice == RATE_CHOSEN &&
           (probe->rate == grid_probe_rate(probe, 0) ||
            probe->rate == grid_probe_rate(probe, probe->rates - 1));
}

static int same_adapter(const struct adapter *a, const struct adapter *b)
{
    return a->forward == b->forward && a->frozen == b->frozen && a->choice == b->choice;
}

const struct grid_probe *grid_probe_memo(const struct grid_probe *probe,
                                         const struct probe_grid *grid)
{
    if (probe->choice != RATE_CHOSEN) return NULL;
    for (const struct grid_probe *other = grid->probe;
         other < grid->probe + grid->count; ++other)
        if (other->choice == RATE_RECIPE && other->features == probe->features &&
            other->batch_norm == probe->batch_norm && other->lars == probe->lars &&
            other->rate == probe->rate &&
            same_adapter(&other->adapter, &probe->adapter))
            return other;
    return NULL;
}

// ====== Tasks ======

struct task {
    struct grid_probe *probe;
    size_t number; // of the rate that is tried, or of the seed
};

// Trainings that run at the same time: all that choose rates, or all others.
struct round {
    const struct probe_grid *grid;
    int searching;
    struct task *task;
    size_t *cost;
    size_t count;
};

static double epochs_of(const struct round *round, const struct grid_probe *probe)
{
    return round->searching ? round->grid->epochs * probe->search : round->grid->epochs;
}

static struct probe_settings settings_of(const struct round *round,
                                         const struct grid_probe *probe, double rate,
                                         size_t seed)
{
    struct probe_settings settings = {
        .recipe = probe_recipe_shorten(&PROBE_RECIPE, epochs_of(round, probe)),
        .classes = IMAGE_CLASSES,
        .batch_norm = probe->batch_norm,
        .last_only = probe->choice == RATE_CHOSEN,
        .seed = round->grid->seed + seed};
    settings.recipe.learning_rate = rate;
    return settings;
}

static struct probe_set part_of(struct probe_set set, size_t first, size_t last)
{
    return (struct probe_set){features_part(&set.features, first, last),
                              set.labels + first};
}

// Trains a probe by its optimiser and answers on `test`.
static struct probe_outcome fit(uint16_t *answers, const struct round *round,
                                const struct grid_probe *probe, double rate,
                                size_t seed, const struct probe_set *train,
                                const struct probe_set *test, struct task_epoch *epoch)
{
    const struct probe_settings settings = settings_of(round, probe, rate, seed);
    if (!probe->lars)
        return probe_fit(answers, &settings, &probe->adapter, train, test,
                         task_queue_epoch, epoch);
    const double part = epochs_of(round, probe) / PROBE_RECIPE.epochs;
    struct lars_probe lars = {*probe->lars, IMAGE_CLASSES, probe->adapter.choice,
                              probe->batch_norm, settings.seed};
    lars.recipe.base_rate = rate;
    lars.recipe.epochs *= part;
    lars.recipe.warmup *= part;
    // All images are in memory: one shard, so that any order of them may come.
    struct probe_outcome outcome = {
        .loss = lars_probe_fit(answers, &lars, train, train->features.images, NULL,
                               test, task_queue_epoch, epoch),
        .best = (double)NAN};
    outcome.accuracy =
        classification_accuracy(answers, test->labels, test->features.images);
    return outcome;
}

// Trains on the training images but the first, and answers on those.
static void try_rate(const struct round *round, const struct task *task,
                     struct task_epoch *epoch)
{
    const struct probe_grid *grid = round->grid;
    struct grid_probe *probe = task->probe;
    const struct probe_set all = grid->set(probe, 0, SPLIT_TRAIN, grid->context);
    const struct probe_set train = part_of(all, grid->held_out, all.features.images);
    const struct probe_set test = part_of(all, 0, grid->held_out);
    struct arena arena;
    arena_open_growing(&arena, "answers");
    uint16_t *answers = arena_take(&arena, test.features.images, sizeof *answers);
    const struct probe_outcome outcome =
        fit(answers, round, probe, grid_probe_rate(probe, task->number), 0, &train,
            &test, epoch);
    // At a rate at which the training diverges nothing is answered.
    probe->held_out[task->number] = isfinite(outcome.loss) ? outcome.accuracy : 0;
    arena_close(&arena);
}

static void train_seed(const struct round *round, const struct task *task,
                       struct task_epoch *epoch)
{
    const struct probe_grid *grid = round->grid;
    struct grid_probe *probe = task->probe;
    struct answers *answers = &probe->answers;
    const size_t seed = task->number;
    const struct probe_set train = grid->set(probe, seed, SPLIT_TRAIN, grid->context),
                           test = grid->set(probe, seed, SPLIT_TEST, grid->context);
    const struct probe_outcome outcome =
        fit(answers->predicted + seed * answers->images, round, probe, probe->rate,
            seed, &train, &test, epoch);
    probe_check(outcome.loss, probe->rate);
    answers->highest[seed] = outcome.best;
    if (seed == 0) probe->fusion = outcome.fusion;
}

static void solve(const struct probe_grid *grid, struct grid_probe *probe)
{
    const struct probe_set train = grid->set(probe, 0, SPLIT_TRAIN, grid->context),
                           test = grid->set(probe, 0, SPLIT_TEST, grid->context);
    require(probe->answers.seeds == 1, "a solution of %zu seeds", probe->answers.seeds);
    probe->solution =
        solved_probe_fit(probe->answers.predicted, IMAGE_CLASSES, probe->batch_norm,
                         probe->adapter.choice, &train, &test, &SOLVER);
    probe->answers.highest[0] = (double)NAN;
}

static void run_task(size_t number, int worker, struct task_queue *queue, void *context)
{
    const struct round *round = context;
    const struct task *task = &round->task[number];
    struct task_epoch epoch = {queue, worker, task->probe->cost};
    if (round->searching)
        try_rate(round, task, &epoch);
    else if (task->probe->choice == RATE_NONE)
        solve(round->grid, task->probe);
    else
        train_seed(round, task, &epoch);
}

// `count` tasks of a probe. A solution has no epochs to report.
static void add(struct round *round, struct grid_probe *probe, size_t count)
{
    const double whole = probe->lars ? probe->lars->epochs : PROBE_RECIPE.epochs;
    const size_t epochs =
        (size_t)ceil(whole * (epochs_of(round, probe) / PROBE_RECIPE.epochs));
    for (size_t number = 0; number < count; ++number) {
        round->task[round->count] = (struct task){probe, number};
        round->cost[round->count++] =
            probe->choice == RATE_NONE ? 0 : epochs * probe->cost;
    }
}

static void run_round(struct probe_grid *grid, int searching)
{
    struct arena arena;
    arena_open_growing(&arena, "grid");
    size_t most = 0;
    for (size_t p = 0; p < grid->count; ++p)
        most += searching ? grid->probe[p].rates : grid->probe[p].answers.seeds;
    struct round round = {.grid = grid,
                          .searching = searching,
                          .task = arena_take(&arena, most, sizeof(struct task)),
                          .cost = arena_take(&arena, most, sizeof(size_t))};
    for (struct grid_probe *probe = grid->probe; probe < grid->probe + grid->count;
         ++probe) {
        if (!searching && !grid_probe_memo(probe, grid))
            add(&round, probe, probe->answers.seeds);
        if (searching && probe->choice == RATE_CHOSEN) add(&round, probe, probe->rates);
    }
    task_queue_run(round.cost, round.count, grid->threads,
                   searching ? "rates" : "probes", run_task, &round);
    arena_close(&arena);
}

// Takes over the trainings of the first seeds.
static void copy_answers(struct grid_probe *probe, const struct grid_probe *same)
{
    struct answers *answers = &probe->answers;
    require(answers->seeds <= same->answers.seeds, "%s has %zu seeds, %s only %zu",
            probe->key, answers->seeds, same->key, same->answers.seeds);
    memcpy(answers->predicted, same->answers.predicted,
           answers->seeds * answers->images * sizeof *answers->predicted);
    memcpy(answers->highest, same->answers.highest,
           answers->seeds * sizeof *answers->highest);
    probe->fusion = same->fusion;
}

void probe_grid_run(struct probe_grid *grid)
{
    for (size_t p = 0; p < grid->count; ++p)
        grid->probe[p].rate = grid->probe[p].choice == RATE_NONE
                                  ? (double)NAN
                                  : grid_probe_rate(&grid->probe[p], 0);
    run_round(grid, 1);
    for (size_t p = 0; p < grid->count; ++p)
        if (grid->probe[p].choice == RATE_CHOSEN) grid_probe_choose(&grid->probe[p]);
    run_round(grid, 0);
    for (struct grid_probe *probe = grid->probe; probe < grid->probe + grid->count;
         ++probe) {
        const struct grid_probe *same = grid_probe_memo(probe, grid);
        const struct probe_set test = grid->set(probe, 0, SPLIT_TEST, grid->context);
        if (same) copy_answers(probe, same);
        answers_measure(&probe->answers, test.labels, grid->seed);
    }
}
