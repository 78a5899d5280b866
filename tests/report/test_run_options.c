#include "core/report/run_options.h"

#include "tests/report/world.h"

TestSuite(run_options, .init = world_open);

Test(run_options, have_their_defaults)
{
    static const struct {
        const char *options, *root, *arithmetic;
    } cases[] = {
        {"", "results/desk-cifar10", "auto"},
        {"--data planted", "results/desk-planted", "auto"},
        {"--tier smoke", "results/smoke-planted", "fp32"},
        {"--tier smoke --arithmetic auto", "results/smoke-planted", "auto"},
        {"--tier paper", "results/paper-cifar10", "auto"},
        {"--tier=desk --results=elsewhere", "elsewhere/desk-cifar10", "auto"},
        {"--tier=desk --arithmetic=bf16-dot", "results/desk-cifar10", "bf16-dot"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        struct run run;
        char words[512];
        world_run(&run, cases[i].options, words);
        cr_expect_str_eq(run.root, cases[i].root);
        cr_expect_str_eq(run.options.arithmetic, cases[i].arithmetic);
        cr_expect_eq(run.options.seed, 1);
        cr_expect_eq(run.options.epochs, 0);
        cr_expect_null(run.options.run_name);
        world_drop(&run);
    }
}

static void open_run(const void *options)
{
    struct run run;
    char words[512];
    world_run(&run, options, words);
}

Test(run_options, a_wrong_option_is_a_usage_error)
{
    static const struct {
        const char *options, *says;
    } cases[] = {
        {"--tier smoke --data cifar10", "smoke-cifar10: no such tier and data"},
        {"--tier desk --data imagefolder", "smoke-planted, desk-cifar10"},
        {"--heads 0", "--heads"},
        {"--images-per-class 0", "--images-per-class"},
        {"--partial 2", "--partial"},
        {"--tier smoke --weights a.safetensors", "planted: --weights, --heads"},
        {"--tier desk --heads 3", "cifar10: --weights, --heads"},
        {"--tier desk --partial 1", "add DATA=imagefolder, or leave them out"},
        {"--tier desk --images-per-class 9", "cifar10: --weights"},
        {"--tier lab", "lab-cifar10"},
        {"--arithmetic fp8", "--arithmetic"},
        {"--run ../up", "--run"},
        {"--run a/b", "--run"},
        {"--run .hidden", "--run"},
        {"--seed -1", "--seed"},
        {"--threads 0", "--threads"},
        {"--epochs -1", "--epochs"},
        {"--epochs 0", "--epochs: '0' is refused"},
        {"--epochs=0.0", "--epochs: '0.0' is refused"},
        {"--epochs 1x", "--epochs"},
        {"--export 2", "--export"},
        {"--shipped 2", "--shipped: '2' is refused (give one of: 0 pretrainings 1)"},
        {"--colour red", "--colour"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        expect_death((int)i, open_run, cases[i].options, 2, cases[i].says);
}
