/// cost: what a pretraining costs on many machines and cores (`make cost`): hours and efficiency,
/// computed from the rate of a micro-batch, the optimiser and the additions, which are measured
/// here, and from the exchange of core/train/rank_exchange.h over a network of a given bandwidth.
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/options.h"
#include "core/data/planted.h"
#include "core/linalg/coretype.h"
#include "core/report/table.h"
#include "core/report/tier.h"
#include "core/train/pretrain.h"
#include "core/train/rank_tree.h"

enum {
    LIST = 16,  ///< the most machines or cores in a list
    REPEATS = 3 ///< of a measurement, of which the fastest counts
};
static const char USAGE[] =
    "cost [--tier T] [--run R] [--machines L] [--cores L] [--bandwidth G] [--rate I]";

struct cost {
    struct pretrain settings;
    double given_rate; ///< images/s a core; 0: measured here
    double bandwidth;  ///< bytes/s
    size_t machines[LIST], cores[LIST], machine_count, core_count;
    uint64_t updates;
    size_t parameters;
    /// Measured: images/s a core with all threads busy; seconds on one core of AdamW and of adding
    /// two gradients; bytes.
    double rate, optimiser, addition, memory_one, memory_more;
};

// ====== Measured ======

// On one core, of the whole slab.
static double optimiser_seconds(size_t count, double *addition)
{
    const struct adamw adamw = {1e-3, .9, .95, 1e-8, .05};
    struct arena arena;
    double best = INFINITY;
    *addition = INFINITY;
    arena_open_growing(&arena, "slabs");
    real *weights = arena_zeros(&arena, count), *first = arena_zeros(&arena, count),
         *second = arena_zeros(&arena, count), *gradient = arena_zeros(&arena, count);
    for (uint64_t step = 1; step <= REPEATS; ++step) {
        double started = clock_seconds();
        adamw_update(weights, first, second, gradient, 0, count, step, &adamw);
        best = fmin(best, clock_seconds() - started);
        started = clock_seconds();
        slab_add(weights, gradient, count);
        *addition = fmin(*addition, clock_seconds() - started);
    }
    arena_close(&arena);
    return best;
}

static double rate_measure(struct pretrain *settings, int threads)
{
    double rate = 0;
    settings->threads = threads;
    for (int i = 0; i < REPEATS; ++i) rate = fmax(rate, pretrain_rate(settings));
    return rate / fmin(threads, (double)settings->recipe.micro_batches);
}

static void measure(struct cost *cost)
{
    const int threads = cost->settings.threads;
    struct pretrain settings = cost->settings;
    struct images images;
    cost->optimiser = optimiser_seconds(cost->parameters, &cost->addition);
    cost->rate = cost->given_rate;
    if (cost->given_rate > 0) return;
    // A step takes as long on any images.
    images_load(&images, "planted", SPLIT_TRAIN);
    settings.images = &images;
    cost->rate = rate_measure(&settings, 1);
    cost->memory_one = clock_peak_bytes();
    if (threads > 1) {
        cost->rate = rate_measure(&settings, threads);
        cost->memory_more = (clock_peak_bytes() - cost->memory_one) / (threads - 1);
    }
    images_free(&images);
}

// ====== Computed ======

static double divide_up(double a, double b)
{
    return ceil(a / b);
}

// Seconds that the busiest rank of R sends and receives in an update.
static double exchange_seconds(const struct cost *cost, int ranks)
{
    struct arena arena;
    struct rank_tree tree;
    double busiest = 0;
    if (ranks == 1) return 0;
    arena_open_growing(&arena, "tree");
    rank_tree_open(&tree, cost->settings.recipe.micro_batches, ranks, &arena);
    const double slab = (double)cost->parameters * sizeof(real),
                 share = slab * (ranks - 1) / ranks;
    for (int r = 0; r < ranks; ++r) {
        const double own = (double)(tree.begin[r + 1] - tree.begin[r]),
                     others = (double)tree.nodes - own;
        busiest = fmax(busiest, fmax(own * share, others * slab / ranks) + share);
    }
    arena_close(&arena);
    return busiest / cost->bandwidth;
}

// Hours of the whole training.
static double hours(const struct cost *cost, size_t machines, size_t cores)
{
    const struct recipe *recipe = &cost->settings.recipe;
    const double leaves = (double)recipe->micro_batches, threads = (double)cores,
                 images = (double)recipe->batch / leaves,
                 own = divide_up(leaves, (double)machines),
                 update =
                     divide_up(own, threads) * (images / cost->rate + cost->addition) +
                     cost->optimiser / threads + exchange_seconds(cost, (int)machines);
    return (double)cost->updates * update / 3600;
}

static void print_table(const struct cost *cost)
{
    char text[LIST + 1][NUMBER_TEXT];
    const char *cells[LIST + 1];
    struct table table;
    for (size_t c = 0; c <= cost->core_count; ++c) cells[c] = text[c];
    strcpy(text[0], "machines");
    for (size_t c = 0; c < cost->core_count; ++c)
        snprintf(text[c + 1], NUMBER_TEXT, "%zu cores", cost->cores[c]);
    table_open(&table, cost->core_count + 1, cells);
    const double one = hours(cost, 1, 1);
    for (size_t m = 0; m < cost->machine_count; ++m) {
        const size_t machines = cost->machines[m];
        snprintf(text[0], NUMBER_TEXT, "%zu", machines);
        for (size_t c = 0; c < cost->core_count; ++c) {
            const double h = hours(cost, machines, cost->cores[c]);
            snprintf(text[c + 1], NUMBER_TEXT, "%.3g h (%.0f %%)", h,
                     100 * one / h / (double)(machines * cost->cores[c]));
        }
        table_row(&table, cells);
    }
    table_print(&table, stdout);
    table_close(&table);
}

static void print(const struct cost *cost)
{
    const struct pretrain *settings = &cost->settings;
    const struct recipe *recipe = &settings->recipe;
    const double slab = (double)cost->parameters * sizeof(float) / 1e6;
    printf("%s %s: %" PRIu64 " updates of %zu images in %zu micro-batches, "
           "%zu parameters\n\n",
           recipe->tier, recipe->run, cost->updates, recipe->batch,
           recipe->micro_batches, cost->parameters);
    if (cost->given_rate > 0)
        printf("Given: %.3g images/s a core.\n", cost->rate);
    else {
        printf(
            "Measured here: %.1f images/s a core (%s, %d thread%s busy); %.0f MB with "
            "one thread",
            cost->rate, arithmetic_name(settings->arithmetic), settings->threads,
            settings->threads == 1 ? "" : "s", cost->memory_one / 1e6);
        if (settings->threads > 1)
            printf(", %.0f MB more for each other", cost->memory_more / 1e6);
        puts(".");
    }
    printf("Measured here: optimiser %.1f ms, an addition of two gradients %.1f ms, on "
           "one core.\n",
           1e3 * cost->optimiser, 1e3 * cost->addition);
    printf(
        "Computed: hours, and efficiency against one core, at %.3g Gb/s between "
        "machines. Not in it: cores of a large CPU are slower when all are busy than "
        "two of them are, by a quarter or more.\n\n",
        cost->bandwidth * 8 / 1e9);
    print_table(cost);
    printf(
        "\nComputed: the least is %.3g h, one micro-batch an update, on %zu threads; "
        "more do nothing. Disk: %.0f MB of weights, and %.0f MB for a while.\n",
        hours(cost, 1, recipe->micro_batches), recipe->micro_batches, slab, 6 * slab);
}

// ====== The command line ======

// list = the numbers of "1,2,4", each 1..most. Returns how many.
static size_t list_read(size_t list[LIST], const char *what, const char *text,
                        long most)
{
    char *copy = strdup(text);
    size_t count = 0;
    if (!copy) die(EXIT_SYSTEM, "cost: no memory");
    for (char *rest = copy, *word; (word = strsep(&rest, ","));) {
        if (count == LIST) die(EXIT_USAGE, "%s: more than %d numbers", what, LIST);
        list[count++] = (size_t)parse_integer(what, word, 1, most);
    }
    free(copy);
    return count;
}

static void cost_open(struct cost *cost, int argc, char **argv)
{
    struct option options[] = {
        {"tier", "paper", "smoke, desk or paper"},
        {"data", NULL, "planted or cifar10 [the tier's]"},
        {"run", "m75-h3", "one pretraining"},
        {"machines", "1,2,4,8,16,32,64", "rows: ranks, one a machine"},
        {"cores", "2,4,16,64", "columns: threads of each"},
        {"bandwidth", "10", "between machines, Gb/s"},
        {"rate", NULL, "images/s a core [measured here]"},
        {"epochs", NULL, "instead of the recipe's"},
        {"threads", NULL, "that are busy while measuring [the CPUs allowed]"},
        {"arithmetic", NULL, "of the training [as for pretrain]"},
    };
    const size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv, USAGE);
#define TEXT_OF(name) option_text(options, count, name)
    struct pretrain *settings = &cost->settings;
    enum tier tier;
    const char *data;
    tier_find_training(&tier, &data, TEXT_OF("tier"), TEXT_OF("data"));
    settings->recipe = recipe_find(tier_name(tier), TEXT_OF("run"));
    if (TEXT_OF("epochs"))
        recipe_set_epochs(&settings->recipe,
                          parse_number("--epochs", TEXT_OF("epochs"), 1e-6, 1e5));
    settings->threads = parse_threads(TEXT_OF("threads"));
    settings->arithmetic =
        arithmetic_choose(tier_arithmetic(tier, TEXT_OF("arithmetic")));
    settings->seed = 1;
    const struct recipe *recipe = &settings->recipe;
    cost->machine_count = list_read(cost->machines, "--machines", TEXT_OF("machines"),
                                    (long)recipe->micro_batches);
    cost->core_count = list_read(cost->cores, "--cores", TEXT_OF("cores"), 1024);
    cost->bandwidth =
        parse_number("--bandwidth", TEXT_OF("bandwidth"), 1e-3, 1e5) * 1e9 / 8;
    if (TEXT_OF("rate"))
        cost->given_rate = parse_number("--rate", TEXT_OF("rate"), 1e-6, 1e9);
#undef TEXT_OF
    cost->updates =
        batches_updates(images_count(data, SPLIT_TRAIN), recipe->batch, recipe->epochs);
    struct arena arena;
    struct mae mae;
    arena_open_growing(&arena, "table");
    mae_open(&mae, &recipe->shape, &arena);
    cost->parameters = mae.parameters.count;
    arena_close(&arena);
}

int main(int argc, char **argv)
{
    struct cost cost = {0};
    coretype_open(argv);
    stdout_check_at_exit();
    cost_open(&cost, argc, argv);
    measure(&cost);
    print(&cost);
    return EXIT_SUCCESS;
}
