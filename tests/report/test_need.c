#include "core/report/need.h"

#include <stdlib.h>

#include "core/base/die.h"
#include "core/base/tsv.h"
#include "tests/report/world.h"

TestSuite(need, .init = world_open);

static const char verdicts[] = "results/desk-planted/02-demo/verdicts.tsv";

// An experiment that needs one pretraining, which is to be found at `expected`; NULL: nowhere.
static void demand(const void *expected)
{
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, "--tier desk --data planted", words);
    if (!run_need_weights(path, &run, "m50-h3"))
        exit(run_fresh(&run) ? run_print(&run) : run_close_without(&run));
    if (!expected || strcmp(path, expected) != 0) abort();
    world_drop(&run);
}

Test(need, alone_it_fails_with_the_command_that_makes_the_weights)
{
    unsetenv("MASKBOOK_KEEP_GOING");
    expect_death(__LINE__, demand, NULL, EXIT_INPUT,
                 "make pretrain RUN=m50-h3 TIER=desk DATA=planted; hours, or EPOCHS=1");
    setenv("MASKBOOK_KEEP_GOING", "", 1);
    expect_death(__LINE__, demand, NULL, EXIT_INPUT, "no weights of m50-h3");
    cr_expect(!file_exists(verdicts));
}

Test(need, among_all_every_claim_of_the_experiment_is_not_run_and_it_ends_well)
{
    setenv("MASKBOOK_KEEP_GOING", "1", 1);
    static struct ending ending;
    for (int repeat = 0; repeat < 2; ++repeat) {
        ending_of(&ending, demand, NULL);
        cr_assert_eq(ending.code, 0, "%s", ending.says);
        struct tsv table;
        tsv_read(&table, verdicts);
        cr_assert_eq(table.rows, 10, "02-demo has ten claims");
        for (size_t row = 0; row < table.rows; ++row)
            cr_expect(strstr(tsv_cell(&table, row, "verdict"), "NOT-RUN"));
        tsv_free(&table);
        cr_expect(strstr(world_text(verdicts), "no weights: make pretrain RUN=m50-h3"));
    }
}

// Results are somewhere, the data elsewhere; a name may hold any character.
static void demand_elsewhere(const void *unused)
{
    (void)unused;
    struct run run;
    char words[512], path[PATH_SIZE];
    setenv("CIFAR10_DIR", "/data/my cifar", 1);
    world_run(&run, "--tier desk --results=some\twhere", words);
    if (run_need_weights(path, &run, "m50-h3")) abort();
    exit(run_close_without(&run));
}

Test(need, what_is_recorded_names_no_folder_and_what_is_said_names_each)
{
    static struct ending ending;
    unsetenv("MASKBOOK_KEEP_GOING");
    expect_death(__LINE__, demand_elsewhere, NULL, EXIT_INPUT,
                 "CIFAR10_DIR='/data/my cifar'");
    setenv("MASKBOOK_KEEP_GOING", "1", 1);
    ending_of(&ending, demand_elsewhere, NULL);
    cr_assert_eq(ending.code, 0, "%s", ending.says);
    static const char said[] =
        "no weights: make pretrain RUN=m50-h3 TIER=desk DATA=cifar10\t";
    static const char *const files[] = {"verdicts.tsv", "provenance.tsv"};
    for (int i = 0; i < 2; ++i) {
        char path[PATH_SIZE];
        path_format(path, "some\twhere/desk-cifar10/02-demo/%s", files[i]);
        const char *text = world_text(path);
        cr_expect(strstr(text, said), "%s", text);
        // Weights would not help a claim about other data.
        cr_expect(i || strstr(text, "\nmap\tNOT-RUN\tnan\tnan\tnan\t0\t\t"
                                    "planted scenes only\t"),
                  "%s", text);
        cr_expect(!strstr(text, "RESULTS") && !strstr(text, "/data/"), "%s", text);
    }
}

// An experiment one of whose claims needs no weights.
static void demand_after_judging(const void *unused)
{
    (void)unused;
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, "--tier desk --data planted", words);
    run_verdict(&run, "pure", judge_exact(1), NULL, "arithmetic", "");
    if (run_need_weights(path, &run, "m50-h3")) abort();
    exit(run_close_without(&run));
}

Test(need, a_claim_that_needs_no_weights_keeps_its_verdict)
{
    static struct ending ending;
    setenv("MASKBOOK_KEEP_GOING", "1", 1);
    ending_of(&ending, demand_after_judging, "");
    cr_assert_eq(ending.code, 0, "%s", ending.says);
    cr_expect(strstr(world_text(verdicts), "\npure\tREPRODUCED\t"));
    cr_expect(strstr(world_text(verdicts), "\norder\tNOT-RUN\t"));
}

Test(need, the_path_of_weights_that_exist_is_printed)
{
    static const char path[] = "results/desk-planted/weights/m50-h3.safetensors";
    static struct ending ending;
    world_write(path, "x");
    ending_of(&ending, demand, path);
    cr_expect_eq(ending.code, 0);
    cr_expect(strstr(ending.says, path));
}
