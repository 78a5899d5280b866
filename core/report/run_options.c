#include "core/report/run_options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/options.h"
#include "core/report/memory.h"

// The name of a run becomes the name of a folder, which must lie inside the results.
static void check_run_name(const char *name)
{
    int good = isalnum((unsigned char)*name) && strlen(name) < 64;
    for (const char *c = name; *c; ++c)
        good = good && (isalnum((unsigned char)*c) || strchr("-_.", *c));
    if (!good)
        die(EXIT_USAGE,
            "--run: '%s' cannot be the name of a run (give one like m75-h3)", name);
}

// What says how a folder of photographs is read and probed.
static void folder_options_read(struct run_options *options, const struct option *o,
                                size_t count)
{
    options->weights = option_text(o, count, "weights");
    const char *heads = option_text(o, count, "heads"),
               *each = option_text(o, count, "images-per-class");
    options->heads = heads ? (int)parse_integer("--heads", heads, 1, 1024) : 0;
    options->images_per_class =
        each ? (int)parse_integer("--images-per-class", each, 1, 1000000) : 0;
    const char *partial = option_text(o, count, "partial");
    options->partial = partial ? (int)parse_integer("--partial", partial, 0, 1) : 1;
    const int given = options->weights || heads || each || partial;
    if (given && strcmp(options->data, "imagefolder") != 0)
        die(EXIT_USAGE,
            "%s: --weights, --heads, --images-per-class and --partial are of "
            "imagefolder (add DATA=imagefolder, or leave them out)",
            options->data);
}

void run_options_read(struct run_options *options, const char *name, int argc,
                      char **argv)
{
    struct option o[] = {
        {"tier", NULL, "smoke, desk or paper [desk]"},
        {"data", NULL, "planted, cifar10 or imagefolder [the tier's]"},
        {"run", NULL, "one pretraining, e.g. m75-h3 (mask ratio 75 %, 3 heads)"},
        {"seed", "1", "seed of everything random"},
        {"seeds", NULL,
         "how many seeds a repeated probe or finetuning has [the tier's]"},
        {"threads", NULL, "threads [the CPUs allowed to this process]"},
        {"arithmetic", NULL,
         "of trainings: auto (the fastest here), fp32, bf16 (AMX) or bf16-dot "
         "(VDPBF16PS) [auto; fp32 at smoke]"},
        {"epochs", NULL, "epochs instead of the recipe's"},
        {"shipped", "1",
         "0: as if no weights were shipped; pretrainings: as if only those were"},
        {"export", "0", "1: write arrays to export/*.npy too"},
        {"force", "0", "1: run again although the result is up to date"},
        {"weights", NULL, "of imagefolder: a published ViT in safetensors"},
        {"heads", NULL, "of imagefolder: the ViT's attention heads [the file's]"},
        {"images-per-class", NULL,
         "of imagefolder: training images of each class [all]"},
        {"partial", NULL, "of imagefolder: 0: no partial finetuning [1]"},
        {"results", "results", "folder of all results"},
    };
    const size_t count = sizeof o / sizeof *o;
    char *usage = text_format("%s: an experiment of Maskbook", name);
    options_read(o, count, argc, argv, usage);
    free(usage);

    tier_find(&options->tier, &options->data, option_text(o, count, "tier"),
              option_text(o, count, "data"));
    options->tier_name = tier_name(options->tier);
    options->run_name = option_text(o, count, "run");
    if (options->run_name) check_run_name(options->run_name);
    options->seed = parse_seed("--seed", option_text(o, count, "seed"));
    const char *seeds = option_text(o, count, "seeds");
    options->seeds = seeds ? (int)parse_integer("--seeds", seeds, 1, 1000) : 0;
    options->threads = parse_threads(option_text(o, count, "threads"));
    const char *arithmetic =
        tier_arithmetic(options->tier, option_text(o, count, "arithmetic"));
    options->arithmetic = arithmetic_words[parse_choice(
        "--arithmetic", arithmetic, arithmetic_words, ARITHMETIC_COUNT)];
    const char *epochs = option_text(o, count, "epochs");
    options->epochs = epochs ? parse_number("--epochs", epochs, 1e-6, 1e6) : 0;
    run_options_shipped(options, option_text(o, count, "shipped"));
    options->export_arrays =
        (int)parse_integer("--export", option_text(o, count, "export"), 0, 1);
    options->force =
        (int)parse_integer("--force", option_text(o, count, "force"), 0, 1);
    options->results = option_text(o, count, "results");
    folder_options_read(options, o, count);
}

void run_options_shipped(struct run_options *options, const char *text)
{
    static const char *const choices[] = {"0", "pretrainings", "1"};
    const size_t choice = parse_choice("--shipped", text, choices, 3);
    options->shipped = choice > 0;
    options->shipped_finetunings = choice > 1;
}

void run_options_refuse_folders(const struct run_options *options)
{
    if (!strcmp(options->data, "imagefolder"))
        die(EXIT_USAGE, "imagefolder: only table1 and figure3 read folders of images "
                        "(use DATA=cifar10)");
}
