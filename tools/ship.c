/// ship: puts finished weights where every experiment finds them, into results/checkpoints: rounded
/// to BF16, half as large, with the training's log and a checksum, and measures what the rounding
/// costs. `make accept-checkpoints` ships all that is finished in RESULTS.
///
/// Shipped are pretrainings (RUN.safetensors) and, of the runs of Table 2, finetunings and
/// trainings from scratch (METHOD-RUN-seedN.safetensors). Refused are those that are not finished,
/// that were not trained by the tier's recipe to its end on all images (pilots), whose log is not
/// theirs, and finetunings of other pretrainings than the one that is shipped.
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/lock.h"
#include "core/base/options.h"
#include "core/linalg/coretype.h"
#include "core/report/shipped.h"
#include "core/report/tier.h"
#include "core/study/rounding.h"
#include "core/train/classify.h"
#include "core/train/evaluate.h"
#include "core/train/finetune.h"
#include "core/train/finetune_names.h"
#include "core/train/pretrained.h"
#include "core/train/train_log.h"

enum { WHY = 2 * PATH_SIZE, LOSS_IMAGES = 2000 };
static const char USAGE[] =
    "ship [--tier T] [--run R] [--results DIR] [--to DIR]: ships finished weights";

struct ship {
    enum tier tier;
    const char *data, *run; ///< NULL: all
    char root[PATH_SIZE];   ///< RESULTS/TIER-DATA
    char to[PATH_SIZE];
    uint64_t seed;
    int threads;
    size_t train_images;
    struct images test;
    struct table table; ///< what rounding costs
    size_t shipped;
};

/// Weights that may be shipped, and the files of their training.
struct candidate {
    char name[FINETUNE_NAME]; ///< under which they are shipped
    char weights[PATH_SIZE], log[PATH_SIZE], checkpoint[PATH_SIZE];
    struct safetensors file;
};

// ====== What may be shipped ======

// why (WHY) = the formatted text; returns 0, which says that the weights are refused.
__attribute__((format(printf, 2, 3))) static int refuse(char why[WHY],
                                                        const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why, WHY, format, arguments);
    va_end(arguments);
    return 0;
}

static const char *fact(const struct safetensors *file, const char *key)
{
    const char *text = safetensors_metadata(file, key);
    return text ? text : "nothing";
}

// Whether the last line of the log at `path` is of the candidate's weights.
static int log_fits(const char *path, const struct candidate *candidate)
{
    struct train_log log;
    train_log_find(&log, path);
    const int fits =
        log.count > 0 && strcmp(log.line[log.count - 1].weights_sha256,
                                fact(&candidate->file, SAFETENSORS_DIGEST)) == 0;
    train_log_close(&log);
    return fits;
}

// Opens the file and checks it; its metadata must say one of `recipes`. Nothing is left open when
// it is refused.
static int candidate_open(struct candidate *candidate, const struct ship *ship,
                          char (*recipes)[RECIPE_TEXT], int count, char why[WHY])
{
    char seed[24];
    if (!file_exists(candidate->weights))
        return refuse(why, "not trained yet: no %s", candidate->weights);
    safetensors_read(&candidate->file, candidate->weights, NULL);
    const struct safetensors *file = &candidate->file;
    snprintf(seed, sizeof seed, "%" PRIu64, ship->seed);
    int good = 0;
    for (int r = 0; r < count && !good; ++r)
        good = strcmp(fact(file, "recipe"), recipes[r]) == 0;
    if (!good)
        refuse(why, "a pilot, or of another recipe: '%s', not '%s'",
               fact(file, "recipe"), recipes[count - 1]);
    else if (strcmp(fact(file, "seed"), seed) != 0)
        good = refuse(why, "its seed is %s, not %s", fact(file, "seed"), seed);
    else if (strcmp(fact(file, "data"), ship->data) != 0)
        good = refuse(why, "its data are %s, not %s", fact(file, "data"), ship->data);
    if (good && !log_fits(candidate->log, candidate))
        good = file_exists(candidate->checkpoint)
                   ? refuse(why, "not finished: %s", candidate->checkpoint)
                   : refuse(why, "%s does not end with these weights", candidate->log);
    if (good) return 1;
    safetensors_free(&candidate->file);
    return 0;
}

// ====== What rounding costs ======

// loss (LOSS_IMAGES or all) of the first test images, in the targets of the training.
static void losses(double *loss, const struct ship *ship, const struct weights *model,
                   const real *slab, double ratio, const struct target_maker *targets,
                   size_t n)
{
    const struct evaluation evaluation = {.mae = &model->mae,
                                          .weights = slab,
                                          .images = &ship->test,
                                          .count = n,
                                          .mask_ratio = ratio,
                                          .seed = ship->seed,
                                          .threads = ship->threads,
                                          .targets = targets};
    evaluate_losses(loss, &evaluation);
}

// right (n) = 100 where the answer is the label, else 0, so that means are percent.
static void answers(double *right, const struct ship *ship,
                    const struct classifier *classifier, const real *slab,
                    const char *path, struct arena *arena)
{
    const struct classification classification = {.classifier = classifier,
                                                  .weights = slab,
                                                  .images = &ship->test,
                                                  .threads = ship->threads};
    uint16_t *predicted = arena_take(arena, ship->test.count, sizeof *predicted);
    if (classify_images(predicted, &classification))
        die(EXIT_INPUT, "%s: its outputs are not finite (train it again)", path);
    for (size_t i = 0; i < ship->test.count; ++i)
        right[i] = predicted[i] == ship->test.labels[i] ? 100 : 0;
}

// ====== Shipping ======

static void log_path(char path[PATH_SIZE], const struct ship *ship, const char *name)
{
    path_format(path, "%s/%s.log.tsv", ship->to, name);
}

static void log_copy(const struct ship *ship, const struct candidate *candidate)
{
    char path[PATH_SIZE];
    log_path(path, ship, candidate->name);
    file_copy(path, candidate->log);
}

static void shipped_as(char path[PATH_SIZE], const struct ship *ship, const char *name)
{
    path_format(path, "%s/%s.safetensors", ship->to, name);
}

// Whether the weights are there, and with their log.
static int is_shipped(const struct ship *ship, const struct candidate *candidate)
{
    char path[PATH_SIZE];
    struct safetensors file;
    shipped_as(path, ship, candidate->name);
    if (!file_exists(path)) return 0;
    safetensors_read(&file, path, NULL);
    const int same = strcmp(fact(&file, SAFETENSORS_TRAINED),
                            fact(&candidate->file, SAFETENSORS_DIGEST)) == 0;
    safetensors_free(&file);
    log_path(path, ship, candidate->name);
    return same && log_fits(path, candidate);
}

// The weights come last, right before the checksums: they are what tells that all is there, and
// until then the experiments find those of before.
static void pretraining_ship(struct ship *ship, struct candidate *candidate,
                             const struct recipe *recipe)
{
    char path[PATH_SIZE];
    struct weights model;
    struct arena arena;
    struct target_maker targets;
    static const char *const loss_name[] = {
        [TARGET_RAW] = "masked loss",
        [TARGET_NORMALISED] = "masked loss, normalised patches",
        [TARGET_WHITENED] = "masked loss, whitened patches"};
    const size_t n = ship->test.count < LOSS_IMAGES ? ship->test.count : LOSS_IMAGES;
    arena_open_growing(&arena, "ship");
    double *trained = arena_doubles(&arena, n), *rounded = arena_doubles(&arena, n);
    pretrained_open(&model, candidate->weights, recipe, ship->data);
    target_maker_load(&targets, recipe->target.scale, ship->data, recipe->shape.patch,
                      &arena);
    losses(trained, ship, &model, model.slab, recipe->mask_ratio, &targets, n);
    safetensors_round(model.slab, model.mae.parameters.count);
    losses(rounded, ship, &model, model.slab, recipe->mask_ratio, &targets, n);
    log_copy(ship, candidate);
    rounding_put(&ship->table, ship->to, candidate->name,
                 loss_name[recipe->target.scale], trained, rounded, n);
    shipped_as(path, ship, candidate->name);
    safetensors_write_rounded(path, &model.file, &model.mae.parameters, model.slab);
    weights_close(&model);
    arena_close(&arena);
}

// In the same order.
static void finetuning_ship(struct ship *ship, struct candidate *candidate,
                            const struct recipe *recipe)
{
    char path[PATH_SIZE];
    struct classifier classifier;
    struct arena arena;
    const size_t n = ship->test.count;
    arena_open_growing(&arena, "ship");
    double *trained = arena_doubles(&arena, n), *rounded = arena_doubles(&arena, n);
    classifier_open(&classifier, &recipe->shape, IMAGE_CLASSES, &arena);
    real *slab = arena_reals(&arena, classifier.parameters.count);
    safetensors_weights(slab, &classifier.parameters, &candidate->file, "");
    answers(trained, ship, &classifier, slab, candidate->weights, &arena);
    safetensors_round(slab, classifier.parameters.count);
    answers(rounded, ship, &classifier, slab, candidate->weights, &arena);
    log_copy(ship, candidate);
    rounding_put(&ship->table, ship->to, candidate->name, "accuracy, %", trained,
                 rounded, n);
    shipped_as(path, ship, candidate->name);
    safetensors_write_rounded(path, &candidate->file, &classifier.parameters, slab);
    arena_close(&arena);
}

// Ships weights, or says why not. texts, count: as candidate_open.
static void
candidate_ship(struct ship *ship, struct candidate *candidate,
               const struct recipe *recipe, char (*texts)[RECIPE_TEXT], int count,
               void (*put)(struct ship *, struct candidate *, const struct recipe *))
{
    char why[WHY];
    if (!candidate_open(candidate, ship, texts, count, why)) {
        printf("%s: refused, %s\n", candidate->name, why);
        return;
    }
    const int already = is_shipped(ship, candidate);
    const char *trainer = pretrained_trainer(&candidate->file);
    if (!already) {
        put(ship, candidate, recipe);
        shipped_sums(ship->to);
    }
    printf("%s: %s, %s%s%s, %s updates\n", candidate->name,
           already ? "shipped before" : "shipped", fact(&candidate->file, "arithmetic"),
           trainer ? ", by " : "", trainer ? trainer : "",
           fact(&candidate->file, "updates"));
    fflush(stdout);
    ++ship->shipped;
    safetensors_free(&candidate->file);
}

static void ship_pretraining(struct ship *ship, const char *run)
{
    char text[1][RECIPE_TEXT];
    struct candidate candidate;
    const struct recipe recipe = recipe_find(tier_name(ship->tier), run);
    snprintf(candidate.name, sizeof candidate.name, "%s", run);
    path_format(candidate.weights, "%s/weights/%s.safetensors", ship->root, run);
    path_format(candidate.log, "%s/runs/%s/log.tsv", ship->root, run);
    path_format(candidate.checkpoint, "%s/runs/%s/checkpoint.safetensors", ship->root,
                run);
    recipe_text(text[0], &recipe);
    candidate_ship(ship, &candidate, &recipe, text, 1, pretraining_ship);
}

// text (STARTS) = what a finetuning's metadata say, whose pretraining is the shipped one. Returns 0
// when none is shipped.
static int shipped_starts(char text[STARTS][RECIPE_TEXT], const struct ship *ship,
                          const struct recipe *recipe)
{
    char path[PATH_SIZE];
    struct safetensors file;
    shipped_as(path, ship, recipe->run);
    if (!file_exists(path)) return 0;
    safetensors_read(&file, path, NULL);
    finetune_texts(text, recipe, ship->train_images, &file);
    safetensors_free(&file);
    return 1;
}

// text (PATH_SIZE) = a path in which glob finds no pattern.
static void literal(char text[PATH_SIZE], const char *path)
{
    size_t used = 0;
    for (const char *whole = path; *path; ++path) {
        if (used + 2 >= PATH_SIZE)
            die(EXIT_USAGE,
                "%s: too long a name with letters as [ and * (give another)", whole);
        if (strchr("*?[\\", *path)) text[used++] = '\\';
        text[used++] = *path;
    }
    text[used] = '\0';
}

// The finetunings of one run and method: of all images and the recipe's epochs, in whatever
// arithmetic.
static void ship_finetuning(struct ship *ship, const char *method, const char *run)
{
    char text[STARTS][RECIPE_TEXT], root[PATH_SIZE], pattern[PATH_SIZE];
    struct candidate candidate;
    glob_t found;
    const struct recipe recipe = finetune_recipe(tier_name(ship->tier), run);
    finetune_name(candidate.name, method, run, ship->seed);
    if (strcmp(method, "scratch") == 0)
        finetune_texts(text, &recipe, ship->train_images, NULL);
    else if (!shipped_starts(text, ship, &recipe)) {
        printf("%s: refused, %s is not shipped\n", candidate.name, run);
        return;
    }
    literal(root, ship->root);
    finetune_folder(pattern, root, method, &recipe, ship->train_images, "*",
                    ship->seed);
    const int status = glob(pattern, 0, NULL, &found);
    if (status != 0 && status != GLOB_NOMATCH)
        die(EXIT_SYSTEM, "%s: cannot be looked through: %s", pattern,
            status == GLOB_NOSPACE ? "no memory" : strerror(errno));
    if (status == GLOB_NOMATCH)
        printf("%s: refused, not trained yet: no %s\n", candidate.name, pattern);
    else if (found.gl_pathc > 1)
        printf("%s: refused, %zu of them, %s and %s (move the others away)\n",
               candidate.name, found.gl_pathc, found.gl_pathv[0], found.gl_pathv[1]);
    else {
        const char *folder = found.gl_pathv[0];
        path_format(candidate.weights, "%s/weights.safetensors", folder);
        path_format(candidate.log, "%s/log.tsv", folder);
        path_format(candidate.checkpoint, "%s/checkpoint.safetensors", folder);
        candidate_ship(ship, &candidate, &recipe, text, STARTS, finetuning_ship);
    }
    globfree(&found);
}

// ====== The command line ======

static void ship_open(struct ship *ship, int argc, char **argv)
{
    struct option options[] = {
        {"tier", NULL, "smoke, desk or paper [desk]"},
        {"data", NULL, "planted or cifar10 [the tier's]"},
        {"run", NULL, "this pretraining and what was made of it [all]"},
        {"seed", "1", "of the trainings"},
        {"threads", NULL, "threads [the CPUs allowed]"},
        {"results", "results", "folder of all results"},
        {"to", NULL, "folder to ship to [results/checkpoints/TIER-DATA]"},
    };
    const size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv, USAGE);
    tier_find_training(&ship->tier, &ship->data, option_text(options, count, "tier"),
                       option_text(options, count, "data"));
    const char *name = tier_name(ship->tier), *to = option_text(options, count, "to");
    ship->run = option_text(options, count, "run");
    if (ship->run) recipe_find(name, ship->run);
    ship->seed = parse_seed("--seed", option_text(options, count, "seed"));
    ship->threads = parse_threads(option_text(options, count, "threads"));
    path_format(ship->root, "%s/%s-%s", option_text(options, count, "results"), name,
                ship->data);
    shipped_folder(ship->to, name, ship->data);
    if (to) path_format(ship->to, "%s", to);
}

int main(int argc, char **argv)
{
    static const char *const methods[] = {"finetuned", "scratch"};
    static const char *const table2[] = TABLE2_RUNS;
    static struct ship ship;
    coretype_open(argv);
    stdout_check_at_exit();
    ship_open(&ship, argc, argv);
    ship.train_images = images_count(ship.data, SPLIT_TRAIN);
    images_load(&ship.test, ship.data, SPLIT_TEST);
    rounding_open(&ship.table);
    folder_make(ship.to);
    const int lock = lock_take_folder(ship.to, "another ship");
    for (size_t i = 0; recipe_row(i); ++i) {
        const struct recipe *row = recipe_row(i);
        if (strcmp(row->tier, tier_name(ship.tier)) == 0 &&
            (!ship.run || strcmp(ship.run, row->run) == 0))
            ship_pretraining(&ship, row->run);
    }
    for (int m = 0; m < 2; ++m)
        for (size_t r = 0; r < sizeof table2 / sizeof *table2; ++r)
            if (!ship.run || strcmp(ship.run, table2[r]) == 0)
                ship_finetuning(&ship, methods[m], table2[r]);
    // Once more: an earlier call may have ended before it came to this.
    if (ship.shipped > 0) shipped_sums(ship.to);
    close(lock);
    if (ship.table.rows > 0) table_print(&ship.table, stdout);
    printf("%zu in %s\n", ship.shipped, ship.to);
    table_close(&ship.table);
    images_free(&ship.test);
    if (ship.shipped == 0)
        die(EXIT_INPUT, "%s: nothing was shipped (see above)", ship.to);
    return EXIT_SUCCESS;
}
