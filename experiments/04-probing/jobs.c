#include "experiments/04-probing/jobs.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#include "core/analysis/softmax_regression.h"
#include "core/base/progress.h"
#include "core/data/images.h"
#include "core/linalg/gemm.h"
#include "core/train/engine.h"

/// "Solved": no component of the mean loss's gradient is larger than the last number.
static const struct lbfgs_settings SOLVER = {30, 20000, 1e-6};

struct job {
    struct arm *arm;
    size_t number; ///< of the rate that is tried, or of the seed
};

struct jobs {
    struct study *study;
    struct job *list;
    size_t count;
    int searching;
    double total; ///< work of all, in passes of a linear probe over the images
    atomic_uint_fast64_t done;
    struct progress progress;
};

/// An epoch's work, roughly, in epochs of a linear probe.
static double epoch_work(const struct arm *arm)
{
    return arm->material == MATERIAL_BLOCK   ? 40
           : arm->material == MATERIAL_UNITS ? 8
                                             : 1;
}

static double epochs_of(const struct jobs *jobs)
{
    const struct scale *scale = &jobs->study->scale;
    return jobs->searching ? scale->search_epochs : scale->epochs;
}

/// What after_epoch tells the progress line; only the caller's own thread draws it.
struct watch {
    struct jobs *jobs;
    const struct arm *arm;
    int draws;
};

static void after_epoch(void *context)
{
    const struct watch *watch = context;
    struct jobs *jobs = watch->jobs;
    const uint_fast64_t work = (uint_fast64_t)epoch_work(watch->arm);
    const uint_fast64_t done = atomic_fetch_add(&jobs->done, work) + work;
    if (watch->draws)
        progress_show(&jobs->progress, fmin((double)done, jobs->total), NULL);
}

// ====== Steps ======

static struct probe_set set_part(struct probe_set set, size_t first, size_t last)
{
    return (struct probe_set){features_part(&set.features, first, last),
                              set.labels + first};
}

/// BN+LP in double as it stands, and as one linear layer.
static void fold_probe(struct fold *fold, const struct probe *probe,
                       const struct probe_set *test, const uint8_t *answers)
{
    const size_t n = test->features.images, D = probe->stage.width, C = IMAGE_CLASSES;
    const real *weight = probe_head_weight(probe), *bias = probe_head_bias(probe);
    struct arena arena;
    arena_open(&arena, "fold", (C * (D + 1)) * sizeof(double) + 4096);
    double *folded = arena_doubles(&arena, C * D), *offset = arena_doubles(&arena, C);
    batch_norm_fold(folded, offset, &probe->norm, weight, bias, C, D);
    double largest = 0, worst = 0;
    size_t same = 0;
    for (size_t i = 0; i < n; ++i) {
        const float *row = features_image(&test->features, i) + SUMMARY_CLASS * D;
        double two[IMAGE_CLASSES], one[IMAGE_CLASSES];
        size_t best = 0;
        for (size_t c = 0; c < C; ++c) {
            two[c] = (double)bias[c];
            one[c] = offset[c];
            for (size_t j = 0; j < D; ++j) {
                const double x = (double)row[j];
                two[c] += (double)weight[c * D + j] *
                          ((x - (double)probe->norm.mean[j]) /
                           sqrt((double)probe->norm.variance[j] + BATCH_NORM_EPSILON));
                one[c] += folded[c * D + j] * x;
            }
            largest = fmax(largest, fabs(two[c]));
            worst = fmax(worst, fabs(two[c] - one[c]));
            if (one[c] > one[best]) best = c;
        }
        same += best == answers[i];
    }
    fold->residual = worst / largest;
    fold->agreement = (double)same / (double)n;
    arena_close(&arena);
}

/// One training of `arm`, or a trial of its rate `number`.
static void job_train(struct jobs *jobs, struct arm *arm, size_t number, int worker)
{
    struct study *study = jobs->study;
    const struct scale *scale = &study->scale;
    const int searching = jobs->searching;
    const size_t seed = searching ? 0 : number;
    struct probe_settings settings = {
        .recipe = probe_recipe_shorten(&PROBE_RECIPE, epochs_of(jobs)),
        .classes = IMAGE_CLASSES,
        .batch_norm = arm->batch_norm,
        .last_only = arm->choice == RATE_CHOSEN,
        .seed = study->run->seed + seed};
    settings.recipe.learning_rate =
        searching ? PROBE_RECIPE.learning_rate * rate_factor[number] : arm->rate;
    struct probe_set train = sets_part(&study->sets, arm->material, seed, SPLIT_TRAIN),
                     test = sets_part(&study->sets, arm->material, seed, SPLIT_TEST);
    if (searching) {
        test = set_part(train, 0, scale->held_out);
        train = set_part(train, scale->held_out, train.features.images);
    }
    const size_t batch = settings.recipe.batch, n = test.features.images;
    struct arena room, arena;
    struct probe probe;
    arena_open(&room, arm->key, sets_stage_bytes(&study->sets, arm->material, batch));
    const struct stage stage =
        sets_stage(&study->sets, arm->material, arm->projections, batch, &room);
    arena_open(&arena, arm->key,
               probe_bytes(&settings, &stage) + probe_train_bytes(&settings, &train) +
                   n + 4096);
    probe_open(&probe, &settings, &stage, &arena);
    uint8_t *answers = searching ? arena_take(&arena, n, 1) : arm->answers + number * n;
    struct watch watch = {jobs, arm, worker == 0};
    const struct probe_outcome outcome =
        probe_train(answers, &probe, &train, &test, after_epoch, &watch, &arena);
    if (searching)
        arm->held_out[number] = outcome.accuracy;
    else
        arm->highest[number] = outcome.best;
    if (!searching && arm == &study->arms[ARM_BN_LP] && number == 0)
        fold_probe(&study->fold, &probe, &test, answers);
    arena_close(&arena);
    arena_close(&room);
}

// ====== Solutions ======

/// x (n,D) = the class tokens in double.
static void class_tokens_of(double *x, const struct features *features)
{
    for (size_t i = 0; i < features->images; ++i) {
        const float *row =
            features_image(features, i) + SUMMARY_CLASS * features->width;
        for (size_t j = 0; j < features->width; ++j)
            x[i * features->width + j] = (double)row[j];
    }
}

/// The linear probe, or that on columns standardised by the training set's own moments, to convergence.
static void job_solve(struct jobs *jobs, struct arm *arm)
{
    const struct study *study = jobs->study;
    const struct probe_set train =
                               sets_part(&study->sets, arm->material, 0, SPLIT_TRAIN),
                           test = sets_part(&study->sets, arm->material, 0, SPLIT_TEST);
    const size_t n = train.features.images, m = test.features.images,
                 D = train.features.width;
    struct softmax_regression problem = {n, D, IMAGE_CLASSES, NULL, train.labels};
    struct arena arena;
    arena_open(&arena, arm->key,
               (n + m + 4) * D * sizeof(double) +
                   softmax_regression_bytes(&problem, &SOLVER) +
                   2 * softmax_regression_size(&problem) * sizeof(double) + 65536);
    double *x = arena_doubles(&arena, n * D), *y = arena_doubles(&arena, m * D),
           *mean = arena_doubles(&arena, D), *variance = arena_doubles(&arena, D),
           *weights = arena_doubles(&arena, softmax_regression_size(&problem));
    class_tokens_of(x, &train.features);
    class_tokens_of(y, &test.features);
    if (arm->batch_norm) {
        columns_moments(mean, variance, x, n, D);
        columns_standardise(x, mean, variance, BATCH_NORM_EPSILON, n, D);
        columns_standardise(y, mean, variance, BATCH_NORM_EPSILON, m, D);
    }
    problem.features = x;
    arm->outcome = softmax_regression_fit(weights, &problem, &SOLVER, &arena);
    problem.features = y;
    problem.rows = m;
    softmax_regression_predict(arm->answers, weights, &problem, &arena);
    arm->highest[0] = (double)NAN;
    arena_close(&arena);
}

// ====== All of them ======

static void job_item(size_t i, int worker, void *context)
{
    struct jobs *jobs = context;
    const struct job *job = &jobs->list[i];
    if (job->arm->choice == RATE_NONE)
        job_solve(jobs, job->arm);
    else
        job_train(jobs, job->arm, job->number, worker);
}

static void jobs_add(struct jobs *jobs, struct arm *arm, size_t number)
{
    jobs->list[jobs->count++] = (struct job){arm, number};
    if (arm->choice != RATE_NONE)
        jobs->total += ceil(epochs_of(jobs)) * epoch_work(arm);
}

/// Runs the jobs, the longest first, so that no thread is left alone with one.
static void jobs_run(struct jobs *jobs, const char *label)
{
    for (size_t i = 1; i < jobs->count; ++i)
        for (size_t k = i;
             k > 0 && epoch_work(jobs->list[k].arm) > epoch_work(jobs->list[k - 1].arm);
             --k) {
            const struct job shorter = jobs->list[k - 1];
            jobs->list[k - 1] = jobs->list[k];
            jobs->list[k] = shorter;
        }
    struct engine *engine = engine_open(jobs->study->run->threads, 0, 0);
    progress_open(&jobs->progress, label, "units of work", jobs->total, 0);
    engine_each(engine, jobs->count, job_item, jobs);
    progress_show(&jobs->progress, jobs->total, NULL);
    progress_close(&jobs->progress);
    engine_close(engine);
}

static void jobs_open(struct jobs *jobs, struct study *study, int searching,
                      struct arena *arena)
{
    const size_t most = ARMS * (RATES + study->scale.seeds);
    arena_open(arena, "jobs", most * sizeof(struct job) + 4096);
    *jobs = (struct jobs){.study = study,
                          .searching = searching,
                          .list = arena_take(arena, most, sizeof(struct job))};
}

void jobs_search(struct study *study)
{
    struct arena arena;
    struct jobs jobs;
    jobs_open(&jobs, study, 1, &arena);
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm) {
        for (size_t r = 0; r < RATES && arm->choice == RATE_CHOSEN; ++r)
            jobs_add(&jobs, arm, r);
    }
    jobs_run(&jobs, "rates");
    arena_close(&arena);
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm) {
        double best = -1;
        for (size_t r = 0; r < RATES; ++r)
            if (arm->held_out[r] > best) {
                best = arm->held_out[r];
                arm->rate = PROBE_RECIPE.learning_rate * rate_factor[r];
            }
    }
}

/// The arm of the recipe that trains the same at the same rate: its first seeds need no repetition.
static const struct arm *twin(const struct study *study, const struct arm *arm)
{
    for (const struct arm *other = study->arms; other < study->arms + ARMS; ++other)
        if (arm->choice == RATE_CHOSEN && other->choice == RATE_RECIPE &&
            other->material == arm->material &&
            other->projections == arm->projections &&
            other->batch_norm == arm->batch_norm && other->rate == arm->rate)
            return other;
    return NULL;
}

void jobs_train(struct study *study)
{
    struct arena arena;
    struct jobs jobs;
    const size_t n = study->sets.images[SPLIT_TEST].count;
    jobs_open(&jobs, study, 0, &arena);
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm)
        for (size_t s = 0; s < arm->seeds && !twin(study, arm); ++s)
            jobs_add(&jobs, arm, s);
    jobs_run(&jobs, "probes");
    arena_close(&arena);
    for (struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm) {
        const struct arm *same = twin(study, arm);
        if (!same) continue;
        memcpy(arm->answers, same->answers, arm->seeds * n);
        memcpy(arm->highest, same->highest, arm->seeds * sizeof *arm->highest);
    }
}
