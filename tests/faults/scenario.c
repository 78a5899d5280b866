#include "tests/faults/scenario.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/planted.h"
#include "core/report/ledger.h"
#include "core/report/run_files.h"
#include "core/study/experiment.h"
#include "core/study/results.h"
#include "core/train/pretrain.h"

const char code_key[] = "faults", features_key[] = "faults";

// ====== A training ======

// Three updates with a line of the log each, and a checkpoint after the first two.
static void train(uint64_t seed)
{
    enum { IMAGES = 8 };
    struct images images;
    planted_make(&images, 1, IMAGES, PLANTED_NOISE);
    const struct pretrain settings = {
        .recipe = {.tier = "smoke",
                   .run = "tiny",
                   .shape = {32, 3, 16, 4, 1, 1, 1, 1},
                   .mask_ratio = .5,
                   .batch = IMAGES,
                   .micro_batches = 2,
                   .epochs = 3,
                   .warmup = .3,
                   .learning_rate = 1e-2,
                   .beta1 = .9,
                   .beta2 = .95,
                   .epsilon = 1e-8,
                   .weight_decay = .05},
        .seed = seed,
        .threads = 2,
        .images = &images,
        .folder = "runs/tiny",
        .weights = "weights/tiny.safetensors",
        .code = code_key,
        .resume_command = "make tiny",
    };
    pretrain_run(&settings);
    images_free(&images);
}

static void train_first(void)
{
    train(5);
}

static void train_second(void)
{
    train(6);
}

// ====== An experiment ======

static double sum_residual(struct draw *draw)
{
    const double x = rng_normal(&draw->rng), y = rng_normal(&draw->rng);
    return fabs(x + y - (y + x));
}

static double modulus_violation(struct draw *draw, char note[CHECK_NOTE])
{
    snprintf(note, CHECK_NOTE, "draw %zu", draw->number);
    return 1;
}

static const struct check checks[] = {
    {"a.sum", .residual = sum_residual, .draws = 3, .test = "pairs of numbers"},
    {"a.modulus", .violation = modulus_violation, .draws = 1, .test = "one pair"},
};

static void measure(struct study *study)
{
    static const char *const names[] = {"what", "ours"};
    static const size_t shape[] = {2, 1};
    const double numbers[] = {(double)study->run.options.seed, 2};
    struct table table;
    char cell[NUMBER_TEXT];
    table_open(&table, 2, names);
    put_number(&study->run, cell, numbers[0], 1, "", "seed");
    table_row(&table, (const char *const[]){"seed", cell});
    run_table(&study->run, "seed.md", "The seed.", &table, "");
    table_close(&table);
    run_array(&study->run, "numbers", NPY_F8, 2, shape, numbers);
}

static void judge_run(struct study *study)
{
    run_verdict(&study->run, "c.run", judge_exact(1), NULL, "one run", "");
}

static void claims_write(const char *more)
{
    struct output output;
    output_open(&output, "paper/claims.tsv");
    fprintf(output.file,
            "id\torigin\tplace\tstatement\tprinted\twording\teffect\tquantity\tunit\tki"
            "nd\tmargin\t"
            "margin_source\tdata\ttier\ttarget\texperiment\n"
            "a.sum\tpaper\t(1)\tcommutes\t\t\t\tresidual\t1\tidentity\t1e-"
            "9\trounding\tnone\t"
            "smoke\ttheory\t06-example\n"
            "a.modulus\tpaper\t(2)"
            "\tadds\t\t\t\tviolation\t1\texact\t\t\tnone\tsmoke\ttheory\t"
            "06-example\n"
            "c.run\tpaper\t(4)"
            "\truns\t\t\t\tviolation\t1\texact\t\t\tnone\tsmoke\ttheory\t08-runs\n%s",
            more);
    output_close(&output);
}

// Of one result, or with a run's name of one result a run.
static void experiment(const char *name, const char *run, int seed)
{
    const struct experiment example = {.name = name,
                                       .checks = checks,
                                       .check_count = *run ? 0 : 2,
                                       .run = *run ? judge_run : measure};
    static char words[6][32] = {"example", "--tier=smoke", "--threads=1",
                                "--results=results"};
    char *arguments[7] = {0};
    snprintf(words[4], sizeof words[4], "--seed=%d", seed);
    snprintf(words[5], sizeof words[5], "--run=%s", run);
    for (int i = 0; i < 6; ++i) arguments[i] = words[i];
    require(experiment_main(&example, 6, arguments) == 0, "the experiment failed");
}

static void experiment_first(void)
{
    claims_write("");
    experiment("06-example", "", 1);
}

static void experiment_second(void)
{
    experiment("06-example", "", 2);
}

// ====== A ledger ======

static void gather(void)
{
    struct ledger ledger;
    ledger_build(&ledger, "results", TIER_SMOKE, "planted");
    ledger_write(&ledger, "results/smoke-planted/ledger.tsv");
    ledger_free(&ledger);
}

static void ledger_first(void)
{
    experiment_first();
    experiment("08-runs", "m75-h3", 1);
    gather();
    experiment_second();
    // Now one claim has no verdict.
    claims_write("b.more\tpaper\t(3)\tis "
                 "new\t\t\t\tviolation\t1\texact\t\t\tnone\tsmoke\ttheory\t07-more\n");
}

const struct scenario scenarios[SCENARIOS] = {
    {"training", train_first, train_second, "weights/tiny.safetensors"},
    {"experiment", experiment_first, experiment_second,
     "results/smoke-planted/06-example/verdicts.tsv"},
    {"ledger", ledger_first, gather, "results/smoke-planted/ledger.tsv"},
};
