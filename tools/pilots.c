/// pilots: which peak rate a pretraining should have. Short trainings, one a rate, see the training
/// images but for the first tenth, which judges them; test images are never looked at. `make
/// pilots RUN=m75-h3` compares three rates in the recipe of a tier.
///
/// **Method.** Everything but the rate, and the number of epochs, is the recipe's; all pilots share
/// the seed, so initial weights, batches and masks. Each is judged by its masked loss on the images
/// held out, each image under one mask, the same for all: mean with a 90 % interval, and the
/// paired difference to the best.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/options.h"
#include "core/base/tsv.h"
#include "core/linalg/coretype.h"
#include "core/report/command.h"
#include "core/report/table.h"
#include "core/report/tier.h"
#include "core/stats/summary.h"
#include "core/train/evaluate.h"
#include "core/train/pretrain.h"
#include "core/train/pretrained.h"
#include "core/train/target.h"

enum {
    RATES = 16,  ///< the most that are compared
    TENTH = 10,  ///< one in so many training images is held out
    SAFETY = 60, ///< seconds between checkpoints
};
static const char USAGE[] =
    "pilots [--run R] [--epochs E] [--rates A,B,C] [--batch B] ...: masked loss of\n"
    "short pretrainings on training images held out";

/// One training.
struct pilot {
    double rate;
    char folder[PATH_SIZE], weights[PATH_SIZE];
    double *loss;              ///< (held out) of each image, in the arena
    struct estimate mean, gap; ///< of the losses, and of theirs minus the best pilot's
};

struct pilots {
    const char *data;
    char root[PATH_SIZE]; ///< RESULTS/TIER-DATA
    struct recipe recipe;
    struct pretrain settings;   ///< all but rate and files
    struct images images;       ///< all training images
    struct images held, rest;   ///< parts of them, borrowed
    char command[COMMAND_TEXT]; ///< that goes on after an interruption
    struct pilot pilot[RATES];
    size_t count;
    struct arena arena;
};

// Whether two parts of one set have no image in common.
static int images_apart(const struct images *a, const struct images *b)
{
    return a->pixels + a->count * IMAGE_BYTES <= b->pixels ||
           b->pixels + b->count * IMAGE_BYTES <= a->pixels;
}

// ====== Options ======

static void rates_read(struct pilots *pilots, const char *list)
{
    char text[256];
    if (strlen(list) >= sizeof text)
        die(EXIT_USAGE, "--rates: more than %d (give fewer)", RATES);
    strcpy(text, list);
    for (char *rest = text, *one; (one = strsep(&rest, ","));) {
        if (pilots->count == RATES)
            die(EXIT_USAGE, "--rates: more than %d (give fewer)", RATES);
        pilots->pilot[pilots->count++].rate = parse_number("--rates", one, 1e-9, 1);
    }
}

// What `make` is asked for, to go on.
static void command_make(struct pilots *pilots, const struct option *options,
                         size_t count)
{
    snprintf(pilots->command, sizeof pilots->command, "make pilots");
    for (size_t o = 0; o < count; ++o) {
        char name[32] = "";
        if (!options[o].value || strcmp(options[o].name, "force") == 0) continue;
        for (size_t c = 0; options[o].name[c]; ++c)
            name[c] = (char)(options[o].name[c] & ~32); // upper case
        command_word(pilots->command, name, options[o].value);
    }
}

static void pilots_open(struct pilots *pilots, int argc, char **argv)
{
    struct option options[] = {
        {"tier", NULL, "whose recipe: smoke or desk [desk]"},
        {"data", NULL, "planted or cifar10 [the tier's]"},
        {"run", "m75-h3", "the pretraining"},
        {"epochs", "3", "of each pilot"},
        {"rates", "5e-4,7e-4,1e-3", "peak rates"},
        {"batch", NULL, "images an update [the recipe's]"},
        {"seed", "1", "of weights, batches and masks"},
        {"threads", NULL, "threads [the CPUs allowed]; changes no bit"},
        {"arithmetic", NULL, "of the training [as for pretrain]"},
        {"force", "0", "1: train again although there are pilots"},
        {"results", "results", "folder of all results"},
    };
    const size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv, USAGE);
#define TEXT_OF(name) option_text(options, count, name)
    enum tier tier;
    tier_find(&tier, &pilots->data, TEXT_OF("tier"), TEXT_OF("data"));
    path_format(pilots->root, "%s/%s-%s", TEXT_OF("results"), tier_name(tier),
                pilots->data);
    folder_ours(pilots->root);
    pilots->recipe = recipe_find(tier_name(tier), TEXT_OF("run"));
    recipe_set_epochs(&pilots->recipe,
                      parse_number("--epochs", TEXT_OF("epochs"), 1e-6, 1e5));
    if (tier == TIER_PAPER)
        die(EXIT_USAGE, "--tier: paper would take days (choose smoke or desk)");
    if (TEXT_OF("batch"))
        pilots->recipe.batch =
            (size_t)parse_integer("--batch", TEXT_OF("batch"), 1, 1 << 16);
    if (pilots->recipe.batch % pilots->recipe.micro_batches)
        die(EXIT_USAGE, "--batch: %zu is refused (give a multiple of %zu)",
            pilots->recipe.batch, pilots->recipe.micro_batches);
    rates_read(pilots, TEXT_OF("rates"));
    command_make(pilots, options, count);
    pilots->settings = (struct pretrain){
        .seed = parse_seed("--seed", TEXT_OF("seed")),
        .threads = parse_threads(TEXT_OF("threads")),
        .arithmetic = arithmetic_choose(tier_arithmetic(tier, TEXT_OF("arithmetic"))),
        .force = (int)parse_integer("--force", TEXT_OF("force"), 0, 1),
        .images = &pilots->rest,
        .resume_command = pilots->command,
        .checkpoint_seconds = SAFETY,
    };
#undef TEXT_OF
}

// ====== Training and judging ======

static void pilot_train(struct pilots *pilots, struct pilot *pilot)
{
    const struct recipe *recipe = &pilots->recipe;
    struct pretrain settings = pilots->settings;
    struct weights weights;
    path_format(pilot->folder,
                "%s/runs/pilot-%s-batch%zu-rate%g-%gepochs-%s-seed%" PRIu64,
                pilots->root, recipe->run, recipe->batch, pilot->rate, recipe->epochs,
                arithmetic_name(settings.arithmetic), settings.seed);
    path_format(pilot->weights, "%s/weights.safetensors", pilot->folder);
    settings.recipe = *recipe;
    settings.recipe.learning_rate = pilot->rate;
    settings.folder = pilot->folder;
    settings.weights = pilot->weights;
    require(images_apart(settings.images, &pilots->held),
            "images are trained on and held out");
    pretrain_run(&settings);

    struct target_maker targets;
    pretrained_open(&weights, pilot->weights, &settings.recipe, pilots->data);
    target_maker_load(&targets, recipe->target.scale, pilots->data, recipe->shape.patch,
                      &pilots->arena);
    const struct evaluation evaluation = {.mae = &weights.mae,
                                          .weights = weights.slab,
                                          .images = &pilots->held,
                                          .count = pilots->held.count,
                                          .mask_ratio = recipe->mask_ratio,
                                          .seed = settings.seed,
                                          .threads = settings.threads,
                                          .targets = &targets};
    pilot->loss = arena_doubles(&pilots->arena, pilots->held.count);
    evaluate_losses(pilot->loss, &evaluation);
    weights_close(&weights);
}

static void pilots_judge(struct pilots *pilots)
{
    const size_t n = pilots->held.count;
    double error, *gap = arena_doubles(&pilots->arena, n);
    const struct pilot *best = pilots->pilot;
    for (struct pilot *p = pilots->pilot; p < pilots->pilot + pilots->count; ++p) {
        p->mean = mean_normal(&error, p->loss, n);
        if (p->mean.value < best->mean.value) best = p;
    }
    for (struct pilot *p = pilots->pilot; p < pilots->pilot + pilots->count; ++p) {
        for (size_t i = 0; i < n; ++i) gap[i] = p->loss[i] - best->loss[i];
        p->gap = mean_normal(&error, gap, n);
    }
}

static void pilots_print(const struct pilots *pilots)
{
    const char *const names[] = {"peak rate", "masked loss", "minus the best's"};
    struct table table;
    table_open(&table, 3, names);
    for (const struct pilot *p = pilots->pilot; p < pilots->pilot + pilots->count;
         ++p) {
        char rate[NUMBER_TEXT], loss[NUMBER_TEXT], gap[NUMBER_TEXT];
        number_text(rate, p->rate);
        interval_text(loss, p->mean.value, p->mean.low, p->mean.high);
        interval_text(gap, p->gap.value, p->gap.low, p->gap.high);
        table_row(&table, (const char *const[]){rate, loss, gap});
    }
    table_print(&table, stdout);
    table_close(&table);
    printf("%s %s, batches of %zu, %g epochs of %zu training images, %s, seed %" PRIu64
           "; judged on the first %zu training images, held out; 90 %% intervals over "
           "these\n",
           pilots->recipe.tier, pilots->recipe.run, pilots->recipe.batch,
           pilots->recipe.epochs, pilots->rest.count,
           arithmetic_name(pilots->settings.arithmetic), pilots->settings.seed,
           pilots->held.count);
}

static void pilots_write(const struct pilots *pilots)
{
    char path[PATH_SIZE];
    struct output output;
    path_format(path, "%s/pilots/%s.tsv", pilots->root, pilots->recipe.run);
    output_open(&output, path);
    fprintf(output.file, "batch\tepochs\tarithmetic\tseed\tlearning_rate\tloss\tlow\t"
                         "high\tgap\tgap_low\tgap_high\timages\n");
    for (const struct pilot *p = pilots->pilot; p < pilots->pilot + pilots->count;
         ++p) {
        fprintf(output.file, "%zu\t", pilots->recipe.batch);
        tsv_put_number(output.file, pilots->recipe.epochs, '\t');
        tsv_put(output.file, arithmetic_name(pilots->settings.arithmetic), '\t');
        fprintf(output.file, "%" PRIu64 "\t", pilots->settings.seed);
        const double numbers[] = {p->rate,      p->mean.value, p->mean.low,
                                  p->mean.high, p->gap.value,  p->gap.low,
                                  p->gap.high};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
            tsv_put_number(output.file, numbers[i], '\t');
        fprintf(output.file, "%zu\n", pilots->held.count);
    }
    output_close(&output);
    printf("in %s\n", path);
}

int main(int argc, char **argv)
{
    static struct pilots pilots;
    coretype_open(argv);
    stdout_check_at_exit();
    pilots_open(&pilots, argc, argv);
    arena_open_growing(&pilots.arena, "pilots");
    images_load(&pilots.images, pilots.data, SPLIT_TRAIN);
    const size_t all = pilots.images.count, held = all / TENTH;
    pilots.held = images_part(&pilots.images, 0, held);
    pilots.rest = images_part(&pilots.images, held, all - held);
    for (size_t p = 0; p < pilots.count; ++p) pilot_train(&pilots, &pilots.pilot[p]);
    pilots_judge(&pilots);
    pilots_print(&pilots);
    pilots_write(&pilots);
    images_free(&pilots.images);
    arena_close(&pilots.arena);
    return 0;
}
