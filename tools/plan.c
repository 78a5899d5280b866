/// plan: what `make pretrain-all` and `make finetune-all` are about to do: which trainings are done
/// and which are begun, how long the others take on this machine, by a few updates of each, and
/// how much disk they need.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/number.h"
#include "core/base/options.h"
#include "core/linalg/coretype.h"
#include "core/report/need.h"
#include "core/report/shipped.h"
#include "core/report/table.h"
#include "core/study/shipped_finetuning.h"
#include "core/train/finetune.h"
#include "core/train/finetune_names.h"
#include "core/train/pretrain.h"
#include "core/train/pretrained.h"

enum {
    STEPS = 3,  ///< updates that are timed, after one that is not
    NAMES = 64, ///< the most pretrainings
};
static const char USAGE[] =
    "plan [--tier T] [--what pretrainings|finetunings] ...: what is to be trained";

struct plan {
    struct run run;     ///< of no experiment: options and places alone
    char *names[NAMES]; ///< (count) of the pretrainings, in one text, owned
    size_t count;
    struct pretrain settings; ///< for all trainings: seed, threads, arithmetic
    double epochs;            ///< instead of the recipes'; 0: theirs
    size_t seeds;             ///< of each finetuning, from settings.seed on
    struct images images;
    struct table table;
    double hours, bytes, passing; ///< left to do; written for good, and for a while
};

// text = what the file's metadata has under `key`; empty when it has not, or cannot be read.
static void metadata_of(char *text, size_t size, const char *path, const char *key)
{
    char fault[SAFETENSORS_FAULT];
    struct safetensors file;
    *text = 0;
    if (!file_exists(path) || !safetensors_open(&file, path, fault)) return;
    const char *found = safetensors_metadata(&file, key);
    snprintf(text, size, "%s", found ? found : "");
    safetensors_free(&file);
}

// A training that is planned.
struct planned {
    const char *name, *folder;
    const struct recipe *recipe;
    const char *text; // of its recipe, in its checkpoints' metadata
    size_t images, parameters;
    double rate; // images a second
};

// state (64) = how far the training is, by its checkpoint. Returns the updates done; 0 when there
// is no checkpoint that can be read, or it is another training's, which the training will refuse.
static double updates_begun(char state[64], const struct planned *planned,
                            double updates)
{
    char path[PATH_SIZE], fault[SAFETENSORS_FAULT];
    struct safetensors file;
    double begun = 0;
    int other = 0;
    path_format(path, "%s/checkpoint.safetensors", planned->folder);
    // Of three slabs, and hashed: it is read once for both.
    if (file_exists(path) && safetensors_open(&file, path, fault)) {
        const char *recipe = safetensors_metadata(&file, "recipe"),
                   *text = safetensors_metadata(&file, "updates");
        other = recipe && strcmp(recipe, planned->text) != 0;
        if (other || !text || !number_scan(&begun, text)) begun = 0;
        safetensors_free(&file);
    }
    if (begun > 0)
        snprintf(state, 64, "update %.0f of %.0f", begun, updates);
    else
        snprintf(state, 64, other ? "checkpoint of another recipe" : "to do");
    return begun;
}

// A training that is not done: its row, and its share of the sums.
static void row_left(struct plan *plan, const struct planned *planned)
{
    const struct recipe *recipe = planned->recipe;
    char state[64], rate_text[NUMBER_TEXT], hours_text[NUMBER_TEXT];
    const double updates = (double)batches_updates(planned->images, recipe->batch,
                                                   recipe->epochs),
                 begun = updates_begun(state, planned, updates), rate = planned->rate,
                 hours = (updates - begun) * (double)recipe->batch / rate / 3600;
    snprintf(rate_text, sizeof rate_text, "%.0f", rate);
    snprintf(hours_text, sizeof hours_text, "%.2f", hours);
    table_row(&plan->table,
              (const char *const[]){planned->name, state, rate_text, hours_text});
    plan->hours += hours;
    // The weights stay. While it trains there are two checkpoints of three slabs for a moment.
    const double slab = (double)planned->parameters * sizeof(float);
    plan->bytes += slab;
    plan->passing = fmax(plan->passing, 6 * slab);
}

static void row_done(struct plan *plan, const char *name)
{
    table_row(&plan->table, (const char *const[]){name, "done", "-", "0"});
}

static void plan_pretraining(struct plan *plan, const struct recipe *row)
{
    char folder[PATH_SIZE], weights[PATH_SIZE], code[HASH_HEX], text[RECIPE_TEXT];
    struct pretrain settings = plan->settings;
    settings.recipe = *row;
    if (plan->epochs > 0) recipe_set_epochs(&settings.recipe, plan->epochs);
    path_format(folder, "%s/runs/%s", plan->run.root, row->run);
    path_format(weights, "%s/weights/%s.safetensors", plan->run.root, row->run);
    settings.folder = folder;
    settings.weights = weights;
    // At smoke weights are those of the trainer's code, which is not this program's: the code that
    // they name is taken for it. Weights of another training are replaced there, and not refused.
    metadata_of(code, sizeof code, weights, "code");
    if (plan->run.options.tier == TIER_SMOKE) settings.code = code;
    if (pretrain_ready(&settings)) {
        row_done(plan, row->run);
        return;
    }
    struct pretrainer pretrainer;
    pretrainer_open(&pretrainer, &settings);
    const double rate = trainer_rate(&pretrainer.trainer, STEPS);
    recipe_text(text, &settings.recipe);
    const struct planned planned = {.name = row->run,
                                    .folder = folder,
                                    .recipe = &settings.recipe,
                                    .text = text,
                                    .images = plan->images.count,
                                    .parameters = pretrainer.mae.parameters.count,
                                    .rate = rate};
    row_left(plan, &planned);
    pretrainer_close(&pretrainer);
}

// pretrained: what it begins from, or NULL.
static void plan_finetuning(struct plan *plan, const char *method, const char *run,
                            uint64_t seed, const struct weights *pretrained)
{
    char folder[PATH_SIZE], name[96], texts[STARTS][RECIPE_TEXT];
    struct recipe recipe = finetune_recipe(plan->run.options.tier_name, run);
    if (plan->epochs > 0) recipe_set_epochs(&recipe, plan->epochs);
    struct images images = plan->images;
    const size_t few = finetune_images(plan->run.options.tier_name, plan->epochs);
    if (few > 0 && few < images.count) images.count = few;
    const struct finetune settings = {.recipe = recipe,
                                      .pretrained = pretrained,
                                      .seed = seed,
                                      .arithmetic = plan->settings.arithmetic,
                                      .threads = plan->settings.threads,
                                      .force = plan->settings.force,
                                      .images = &images,
                                      .folder = folder};
    snprintf(name, sizeof name, "%s %s", method, run);
    if (plan->seeds > 1)
        snprintf(name, sizeof name, "%s %s, seed %" PRIu64, method, run, seed);
    finetune_folder(folder, plan->run.root, method, &recipe, images.count,
                    arithmetic_name(settings.arithmetic), settings.seed);
    if (finetune_ready(&settings) ||
        finetuning_shipped(NULL, &plan->run, method, &settings)) {
        row_done(plan, name);
        return;
    }
    finetune_texts(texts, &recipe, images.count, pretrained ? &pretrained->file : NULL);
    struct planned planned = {.name = name,
                              .folder = folder,
                              .recipe = &recipe,
                              .text = texts[START_FILE],
                              .images = images.count};
    planned.rate = finetune_rate(&planned.parameters, &settings, STEPS);
    row_left(plan, &planned);
}

// path (PATH_SIZE) = the weights of the pretraining, which must be there.
static void pretraining_find(char path[PATH_SIZE], const struct plan *plan,
                             const char *name)
{
    if (!run_weights(path, &plan->run, name)) run_die_without(&plan->run, name);
}

// Both trainings that follow from a pretraining.
static void plan_finetunings(struct plan *plan, const struct recipe *row)
{
    char path[PATH_SIZE];
    struct weights pretrained;
    pretraining_find(path, plan, row->run);
    if (shipped_path(&plan->run, path)) shipped_check(NULL, path);
    pretrained_open(&pretrained, path, row, plan->run.options.data);
    for (size_t s = 0; s < plan->seeds; ++s) {
        const uint64_t seed = plan->settings.seed + s;
        plan_finetuning(plan, "finetuned", row->run, seed, &pretrained);
        plan_finetuning(plan, "scratch", row->run, seed, NULL);
    }
    weights_close(&pretrained);
}

// ====== The command line ======

// The names in "m75-h3 m75-h6".
static void names_read(struct plan *plan, const char *list)
{
    char *text = strdup(list);
    if (!text) die(EXIT_SYSTEM, "plan: no memory");
    do {
        if (plan->count == NAMES)
            die(EXIT_USAGE, "--runs: more than %d (name fewer)", NAMES);
        plan->names[plan->count++] = strsep(&text, " ");
    } while (text);
}

// Where trainings and what they begin from are kept.
static void places_open(struct plan *plan, const char *results, const char *shipped)
{
    struct run *run = &plan->run;
    run->options.tier_name = tier_name(run->options.tier);
    path_format(run->root, "%s/%s-%s", results, run->options.tier_name,
                run->options.data);
    folder_ours(run->root);
    shipped_folder(run->checkpoints, run->options.tier_name, run->options.data);
    run_options_shipped(&run->options, shipped);
}

// Returns the words of --what.
static const char *plan_open(struct plan *plan, int argc, char **argv)
{
    struct option options[] = {
        {"tier", NULL, "smoke, desk or paper [desk]"},
        {"data", NULL, "planted or cifar10 [the tier's]"},
        {"what", "pretrainings", "pretrainings or finetunings"},
        {"runs", NULL, "in this order, as \"m75-h3 m75-h6\""},
        {"seed", "1", "of the trainings"},
        {"seeds", "1", "finetunings of each model, from that seed on"},
        {"threads", NULL, "threads [the CPUs allowed]"},
        {"arithmetic", NULL, "of the trainings [as for pretrain]"},
        {"epochs", NULL, "instead of the recipe's"},
        {"shipped", "1", "as for experiments: 0, pretrainings or 1"},
        {"force", "0", "1: train again what is done"},
        {"results", "results", "folder of all results"},
    };
    const size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv, USAGE);
#define TEXT_OF(name) option_text(options, count, name)
    tier_find_training(&plan->run.options.tier, &plan->run.options.data,
                       TEXT_OF("tier"), TEXT_OF("data"));
    if (!TEXT_OF("runs")) die(EXIT_USAGE, "--runs is missing (name pretrainings)");
    names_read(plan, TEXT_OF("runs"));
    places_open(plan, TEXT_OF("results"), TEXT_OF("shipped"));
    if (TEXT_OF("epochs"))
        plan->epochs = parse_number("--epochs", TEXT_OF("epochs"), 1e-6, 1e5);
    plan->seeds = (size_t)parse_integer("--seeds", TEXT_OF("seeds"), 1, 1000);
    plan->run.options.arithmetic =
        tier_arithmetic(plan->run.options.tier, TEXT_OF("arithmetic"));
    plan->settings = (struct pretrain){
        .force = (int)parse_integer("--force", TEXT_OF("force"), 0, 1),
        .seed = parse_seed("--seed", TEXT_OF("seed")),
        .threads = parse_threads(TEXT_OF("threads")),
        .arithmetic = arithmetic_choose(plan->run.options.arithmetic),
        .images = &plan->images,
    };
    return TEXT_OF("what");
#undef TEXT_OF
}

static double disk_free(const char *folder)
{
    struct statvfs room;
    folder_make(folder);
    if (statvfs(folder, &room)) die(EXIT_SYSTEM, "%s: has no file system", folder);
    return (double)room.f_bavail * (double)room.f_frsize;
}

int main(int argc, char **argv)
{
    static const char *const whats[] = {"pretrainings", "finetunings"};
    static struct plan plan;
    coretype_open(argv);
    stdout_check_at_exit();
    const char *what = plan_open(&plan, argc, argv);
    const size_t finetunings = parse_choice("--what", what, whats, 2);
    // What is missing is told before anything is timed.
    for (size_t i = 0; i < plan.count; ++i) {
        char path[PATH_SIZE];
        recipe_find(plan.run.options.tier_name, plan.names[i]);
        if (finetunings) pretraining_find(path, &plan, plan.names[i]);
    }
    images_load(&plan.images, plan.run.options.data, SPLIT_TRAIN);
    table_open(&plan.table, 4,
               (const char *const[]){"training", "state", "images/s", "hours here"});
    for (size_t i = 0; i < plan.count; ++i) {
        const struct recipe recipe =
            recipe_find(plan.run.options.tier_name, plan.names[i]);
        if (finetunings)
            plan_finetunings(&plan, &recipe);
        else
            plan_pretraining(&plan, &recipe);
    }
    free(plan.names[0]);
    table_print(&plan.table, stdout);
    printf("%s, %d thread%s: %.1f hours in all; %.2f GB to write, %.0f GB free in %s. "
           "Interrupted, the same command goes on.\n",
           arithmetic_name(plan.settings.arithmetic), plan.settings.threads,
           plan.settings.threads == 1 ? "" : "s", plan.hours,
           (plan.bytes + plan.passing) / 1e9, disk_free(plan.run.root) / 1e9,
           plan.run.root);
    table_close(&plan.table);
    images_free(&plan.images);
    return 0;
}
