#include "core/study/experiment.h"

#include <math.h>

#include "core/base/die.h"
#include "core/report/run_files.h"
#include "core/report/table.h"
#include "core/study/judgement.h"
#include "core/study/results.h"
#include "tests/report/world.h"
#include "tests/study/pretrained.h"

// The build gives each program its own.
const char code_key[] = "code-1";

// ====== An experiment of three claims ======

// x y = y x: an identity.
static double commuted(struct draw *draw)
{
    const double x = rng_normal(&draw->rng), y = rng_normal(&draw->rng);
    return fabs(x * y - y * x) / (fabs(x * y) + fabs(y * x));
}

// x = x: exact, and it is not so in this world.
static double unequal(struct draw *draw, char note[CHECK_NOTE])
{
    snprintf(note, CHECK_NOTE, "at %zu", draw_size(draw, 3, 3));
    return .25;
}

static const struct check checks[] = {
    {"sum", .residual = commuted, .test = "pairs of normal numbers"},
    {"pure", .violation = unequal, .draws = 7, .test = "sevenfold"},
};

// One measured claim, shown in a table after it is judged.
static void measure(struct study *study)
{
    const double first[] = {3, 4, 5, 6}, second[] = {1, 1, 2, 2};
    const struct estimate gap = study_gap(study, first, second, 4);
    struct table table;
    printf("measured on %zu images\n", study->images[SPLIT_TEST].count);
    study_judge(study, "order", &gap, 1, 0, "paired bootstrap", "%d images", 4);
    put_estimate(&study->run, NULL, gap, "1", "order.%s", "gap");
    table_open(&table, 4,
               (const char *const[]){"what", "published", "yours", "verdict"});
    claim_row(&table, &study->run, "A minus B", "order", &gap, NULL);
    run_table(&study->run, "order.md", "", &table, "");
    table_close(&table);
}

// An experiment, with the options in `arguments`, words divided by spaces.
_Noreturn static void start(const struct experiment *experiment, const char *arguments)
{
    char words[512], *next = words, name[] = "demo", *argv[16] = {name};
    int argc = 1;
    snprintf(words, sizeof words, "%s", arguments);
    for (char *word; (word = strsep(&next, " "));)
        if (*word) argv[argc++] = word;
    exit(experiment_main(experiment, argc, argv));
}

static void demo(const void *arguments)
{
    static const struct experiment experiment = {.name = "02-demo",
                                                 .models = {"m50-h3"},
                                                 .splits = 1u << SPLIT_TEST,
                                                 .checks = checks,
                                                 .check_count = 2,
                                                 .run = measure};
    start(&experiment, arguments);
}

// The same claim is now of what the experiment trains itself, and the model for another.
static void look(struct study *study)
{
    printf("looked at %zu model\n", study->model_count);
}

static void training_demo(const void *arguments)
{
    static const struct experiment experiment = {.name = "02-demo",
                                                 .models = {"m50-h3"},
                                                 .splits = 1u << SPLIT_TEST,
                                                 .checks = checks,
                                                 .check_count = 1,
                                                 .run = look,
                                                 .train = measure};
    start(&experiment, arguments);
}

static void open_alone(void)
{
    unsetenv("MASKBOOK_KEEP_GOING");
    world_open();
}

TestSuite(experiment, .init = open_alone);

static const char folder[] = "results/smoke-planted/02-demo";
static struct ending ending;

// A file of the run's folder; static storage.
static const char *file_of(const char *name)
{
    char path[PATH_SIZE];
    path_format(path, "%s/%s", folder, name);
    return world_text(path);
}

Test(experiment, each_claim_gets_its_verdict_and_the_tables_show_the_recorded_one)
{
    pretrain_shortly("m50-h3");
    ending_of(&ending, demo, "--tier smoke");
    cr_assert_eq(ending.code, 0, "%s", ending.says);
    cr_expect(strstr(ending.says, "measured on 2000 images"), "%s", ending.says);

    const char *verdicts = file_of("verdicts.tsv");
    cr_expect(strstr(verdicts, "\nsum\tREPRODUCED\t0\tnan\tnan\t200\tpairs of normal "
                               "numbers\t\t\tlargest in draw 0 of 200\n"));
    cr_expect(strstr(verdicts,
                     "\npure\tREFUTED\t0.25\tnan\tnan\t7\tsevenfold\t\t\tlargest "
                     "in draw 0 of 7: at 3\n"));
    cr_expect(strstr(verdicts, "\norder\tTREND-ONLY\t3\t"), "%s", verdicts);
    cr_expect(strstr(verdicts, " updates\t4 images"));
    const char *numbers = file_of("result.tsv");
    cr_expect(strstr(numbers, "\nm50-h3.updates\t8\tnan\tnan\t0\tupdates\n"), "%s",
              numbers);
    cr_expect(strstr(numbers, "\nm50-h3.epochs\t"), "%s", numbers);
    cr_expect(strstr(numbers, "\ntest.images\t2000\tnan\tnan\t0\timages\n"), "%s",
              numbers);

    // Smoke caps what the interval alone would earn.
    cr_expect(strstr(file_of("order.md"), "| A minus B | 2.0 | 3 ["));
    cr_expect(strstr(file_of("order.md"), "| TREND-ONLY |"));
    cr_expect(
        strstr(file_of("checks.md"), "| pure | sevenfold | 0.25 | 0 | REFUTED |"));
    cr_expect(strstr(file_of("checks.md"), "| 0 | 1e-09 | REPRODUCED |"));
    cr_expect(strstr(file_of("result.tsv"), "\npure\t0.25\tnan\tnan\t7\t1\n"));
    const char *provenance = file_of("provenance.tsv");
    cr_expect(strstr(provenance, "weights m50-h3") &&
                  strstr(provenance, "test data digest") &&
                  strstr(provenance, "products"),
              "%s", provenance);
}

Test(experiment, a_fresh_result_is_printed_and_nothing_measured)
{
    pretrain_shortly("m50-h3");
    ending_of(&ending, demo, "--tier smoke");
    cr_assert_eq(ending.code, 0, "%s", ending.says);
    ending_of(&ending, demo, "--tier smoke");
    cr_assert_eq(ending.code, 0, "%s", ending.says);
    cr_expect(!strstr(ending.says, "measured on"));
    cr_expect(strstr(ending.says, "A minus B") && strstr(ending.says, "sevenfold") &&
                  strstr(ending.says, "REFUTED"),
              "%s", ending.says);
    // Another seed draws other instances.
    ending_of(&ending, demo, "--tier smoke --seed 2");
    cr_expect(strstr(ending.says, "measured on"));
}

Test(experiment, alone_without_weights_it_fails_with_the_command_and_touches_no_result)
{
    world_write("results/smoke-planted/02-demo/provenance.tsv", "what\tvalue\tkeyed\n");
    static const char says[] =
        "02-demo: no weights of m50-h3 (make pretrain RUN=m50-h3 "
        "TIER=smoke DATA=planted; less than a minute)";
    expect_ending(__LINE__, demo, "--tier smoke", EXIT_INPUT, says);
    cr_expect(file_exists("results/smoke-planted/02-demo/provenance.tsv"));
    setenv("MASKBOOK_KEEP_GOING", "", 1);
    expect_ending(__LINE__, demo, "--tier smoke", EXIT_INPUT, says);
}

Test(experiment, among_all_without_weights_checks_are_judged_and_the_rest_is_not_run)
{
    setenv("MASKBOOK_KEEP_GOING", "1", 1);
    for (int repeat = 0; repeat < 2; ++repeat) {
        ending_of(&ending, demo, "--tier smoke");
        cr_assert_eq(ending.code, 0, "%s", ending.says);
        cr_expect(!strstr(ending.says, "measured on"));
        const char *verdicts = file_of("verdicts.tsv");
        cr_expect(strstr(verdicts, "\nsum\tREPRODUCED\t"));
        cr_expect(strstr(verdicts, "\npure\tREFUTED\t"));
        cr_expect(strstr(verdicts, "\norder\tNOT-RUN\tnan\tnan\tnan\t0\t\tno weights: "
                                   "make pretrain RUN=m50-h3"),
                  "%s", verdicts);
    }
}

Test(experiment, what_it_trains_itself_is_measured_without_weights_of_the_models)
{
    setenv("MASKBOOK_KEEP_GOING", "1", 1);
    ending_of(&ending, training_demo, "--tier smoke");
    cr_assert_eq(ending.code, 0, "%s", ending.says);
    cr_expect(strstr(ending.says, "measured on 2000 images") &&
                  !strstr(ending.says, "looked at"),
              "%s", ending.says);
    const char *verdicts = file_of("verdicts.tsv");
    cr_expect(strstr(verdicts, "\nsum\tREPRODUCED\t"));
    cr_expect(strstr(verdicts, "\norder\tTREND-ONLY\t3\t"), "%s", verdicts);
    cr_expect(strstr(verdicts, "\npure\tNOT-RUN\tnan\tnan\tnan\t0\t\tno weights: "
                               "make pretrain RUN=m50-h3"),
              "%s", verdicts);
    cr_expect(strstr(file_of("result.tsv"), "\ntest.images\t2000\t"));
    cr_expect(strstr(file_of("provenance.tsv"), "test data digest"));

    // Nothing is measured twice, until the weights are there.
    ending_of(&ending, training_demo, "--tier smoke");
    cr_expect(ending.code == 0 && !strstr(ending.says, "measured on"), "%s",
              ending.says);
    pretrain_shortly("m50-h3");
    ending_of(&ending, training_demo, "--tier smoke");
    cr_assert_eq(ending.code, 0, "%s", ending.says);
    const char *first = strstr(ending.says, "looked at 1 model");
    cr_expect(first && strstr(first, "measured on 2000 images"), "%s", ending.says);
    cr_expect(!strstr(file_of("verdicts.tsv"), "no weights"));
}
