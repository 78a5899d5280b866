#include "core/report/ledger.h"

#include "core/report/reference.h"

#include <math.h>

#include "core/base/hash.h"
#include "tests/report/world.h"

// The tool's own words and exit codes are tested too; its main gets another name.
#define main verdict_main
int verdict_main(int argc, char **argv);
#include "tools/verdict.c"
#undef main

TestSuite(ledger, .init = world_open);

static const char demo_folder[] = "results/smoke-planted/02-demo",
                  ledger_file[] = "results/smoke-planted/ledger.tsv",
                  reference_file[] = "results/reference/smoke-planted/ledger.tsv";

// Records the verdicts of 02-demo that need no data, and ends the run.
static void demo_close(struct run *run)
{
    run_verdict(run, "pure", VERDICT_REFUTED, NULL, "counter-example", "x = 1");
    run_verdict(run, "minus", VERDICT_REPRODUCED, &(struct estimate){2, NAN, NAN, 0},
                "subtracted", "");
    world_listen();
    run_close(run);
}

// Runs 02-demo with one verdict on "order" of this estimate; low and high are half a point away.
static void demo(const char *options, double estimate)
{
    struct run run;
    char words[512];
    world_run(&run, options, words);
    run_judge(&run, "order",
              &(struct estimate){estimate, estimate - .5, estimate + .5, 100}, 1, 0,
              "bootstrap", "");
    demo_close(&run);
}

// Runs 02-demo without a verdict on "order", for this reason.
static void demo_without(const char *reason)
{
    struct run run;
    char words[512];
    world_run(&run, "--tier smoke --force 1", words);
    run_verdict(&run, "order", VERDICT_NOT_RUN, NULL, "", reason);
    demo_close(&run);
}

// The words of a command line, run by the tool in a child.
static void tool(const void *options)
{
    char words[512], program[] = "verdict", *argv[WORLD_ARGUMENTS] = {program},
                     *next = words;
    int argc = 1;
    snprintf(words, sizeof words, "%s", (const char *)options);
    for (char *word; (word = strsep(&next, "|"));) argv[argc++] = word;
    int code = verdict_main(argc, argv);
    fflush(NULL);
    _exit(code);
}

// What the tool says; *code gets its exit code. Static storage.
static const char *tool_says(int *code, const char *options)
{
    static struct ending ending;
    ending_of(&ending, tool, options);
    *code = ending.code;
    return ending.says;
}

// The state and the reason of a claim's row as written; the ledger is built anew.
static void expect_row(int line, const char *id, const char *state, const char *reason)
{
    struct tsv table;
    int code;
    tool_says(&code, "--tier|smoke|--quiet");
    cr_assert_eq(code, 0, "line %d", line);
    tsv_read(&table, ledger_file);
    long row = tsv_row(&table, "id", id);
    cr_assert_geq(row, 0, "line %d", line);
    const char *got = tsv_cell(&table, (size_t)row, "verdict"),
               *why = tsv_cell(&table, (size_t)row, "reason");
    cr_expect_str_eq(got, state, "line %d: %s is %s, not %s", line, id, got, state);
    cr_expect_str_eq(why, reason, "line %d: %s: '%s', not '%s'", line, id, why, reason);
    tsv_free(&table);
}

Test(ledger, without_results_every_claim_says_why_it_was_not_run)
{
    world_write("experiments/03-other/main.c", "");
    expect_row(__LINE__, "order", "NOT-RUN", "no experiment yet");
    expect_row(__LINE__, "pure", "NOT-RUN", "no experiment yet");
    expect_row(__LINE__, "other", "NOT-RUN", "not run yet: `make figure3`");
    expect_row(__LINE__, "cifar", "NOT-RUN", "no data");
    expect_row(__LINE__, "accuracy", "NOT-RUN", "no data");
    expect_row(__LINE__, "image", "NOT-RUN", "imagenet");
}

Test(ledger, a_printed_accuracy_waits_for_the_paper_tier)
{
    int code;
    tool_says(&code, "--quiet");
    cr_assert_eq(code, 0);
    cr_expect(
        strstr(world_text("results/desk-cifar10/ledger.tsv"),
               "\naccuracy\tTable 1\t83.6\twhat is found\t1\tnan\tnan\tnan\t0\t\t0.5\t"
               "NOT-RUN\tpaper tier\t\t\t\t\n"));
}

Test(ledger, a_row_carries_the_verdict_and_where_it_came_from)
{
    struct tsv table;
    int code;
    demo("--tier smoke", 2);
    tool_says(&code, "--tier|smoke|--quiet");
    cr_assert_eq(code, 0);
    tsv_read(&table, ledger_file);
    cr_expect_eq(table.rows, 11);
    static const char *const want[][2] = {
        {"id", "order"},      {"place", "Table 1"},
        {"printed", "2.0"},   {"estimate", "2"},
        {"low", "1.5"},       {"high", "2.5"},
        {"n", "100"},         {"test", "bootstrap"},
        {"margin", "nan"},    {"verdict", "TREND-ONLY"},
        {"reason", ""},       {"scale", ""},
        {"finding", ""},      {"unit", "1"},
        {"commit", "unknown"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; ++i)
        cr_expect_str_eq(tsv_cell(&table, 0, want[i][0]), want[i][1], "%s", want[i][0]);
    cr_expect(tsv_number(&table, 0, "seconds") >= 0);
    tsv_free(&table);
    expect_row(__LINE__, "pure", "REFUTED", "");
    world_write("experiments/02-demo/main.c", "");
    expect_row(__LINE__, "same", "NOT-RUN", "the experiment recorded no verdict on it");
}

Test(ledger, the_same_inputs_give_the_same_bytes)
{
    char first[HASH_HEX], second[HASH_HEX];
    int code;
    demo("--tier smoke", 2);
    tool_says(&code, "--tier|smoke");
    hash_file(first, ledger_file);
    tool_says(&code, "--tier|smoke|--markdown");
    hash_file(second, ledger_file);
    cr_expect_str_eq(first, second);
}

Test(ledger, verdicts_without_a_sound_provenance_are_stale)
{
    static const char why[] = "its provenance is missing or does not fit: run it again";
    char path[PATH_SIZE];
    path_format(path, "%s/provenance.tsv", demo_folder);
    demo("--tier smoke", 2);
    unlink(path);
    expect_row(__LINE__, "order", "STALE", why);
    expect_row(__LINE__, "same", "STALE", why);
    world_write(path, "what\tvalue\tkeyed\nkey\tabc\t0\n");
    expect_row(__LINE__, "order", "STALE", why);

    // Neither are verdicts that were written by hand.
    demo("--tier smoke --force 1", 2);
    path_format(path, "%s/verdicts.tsv", demo_folder);
    world_write(path, "id\tverdict\testimate\tlow\thigh\tn\ttest\treason\tscale\t"
                      "finding\n"
                      "order\tREPRODUCED\t2\t1\t3\t9\tfaith\t\t\t\n");
    expect_row(__LINE__, "order", "STALE", why);
    scratch_write(path, "\0garbage", 8);
    expect_row(__LINE__, "order", "STALE", why);
}

Test(ledger, a_margin_edited_after_the_result_makes_it_stale)
{
    static const char why[] =
        "the table of claims changed since it was judged: run it again";
    char text[8192], *at;
    demo("--tier smoke", 2);
    strcpy(text, world_claims);
    at = strstr(text, "A beats B");
    memcpy(at, "A BEATS B", 9);
    world_claims_write("paper/claims.tsv", text);
    expect_row(__LINE__, "order", "TREND-ONLY", "");

    // A changed margin makes all claims of its experiment stale, and no others.
    at = strstr(text, "drawing\t\texact");
    memcpy(at, "DRAWING", 7);
    world_claims_write("paper/claims.tsv", text);
    expect_row(__LINE__, "order", "TREND-ONLY", "");
    at = strstr(text, "\t0.3\t");
    memcpy(at, "\t0.4\t", 5);
    world_claims_write("paper/claims.tsv", text);
    expect_row(__LINE__, "order", "STALE", why);
    expect_row(__LINE__, "pure", "STALE", why);

    // The same holds for a run of the experiment.
    demo("--tier smoke --force 1", 2);
    expect_row(__LINE__, "order", "TREND-ONLY", "");
    cr_assert_eq(system("rm -r results/smoke-planted/02-demo"), 0);
    demo("--tier smoke --run m50-h3", 2);
    expect_row(__LINE__, "order", "TREND-ONLY", "");
    world_claims_write("paper/claims.tsv", world_claims);
    expect_row(__LINE__, "order", "STALE", why);
}

Test(ledger, a_failed_program_is_an_error_with_any_files)
{
    char path[PATH_SIZE];
    path_format(path, "%s/error.txt", demo_folder);
    demo("--tier smoke", 2);
    world_write(path, "exit 4:\tno memory\nmore\n");
    expect_row(__LINE__, "order", "ERROR", "exit 4: no memory");
    expect_row(__LINE__, "cifar", "ERROR", "exit 4: no memory");
    world_write(path, "");
    expect_row(__LINE__, "order", "ERROR", "the program failed without a word");
    demo("--tier smoke --force 1", 2);
    expect_row(__LINE__, "order", "TREND-ONLY", "");
}

Test(ledger, of_several_runs_the_worst_decides)
{
    demo("--tier smoke --run m50-h3", 2);
    expect_row(__LINE__, "order", "TREND-ONLY", "");
    demo("--tier smoke --run m75-h3", -2);
    expect_row(__LINE__, "order", "NOT-REPRODUCED", "");
    demo("--tier smoke --run m90-h3", 2);
    expect_row(__LINE__, "order", "NOT-REPRODUCED", "");
    unlink("results/smoke-planted/02-demo/m90-h3/provenance.tsv");
    expect_row(__LINE__, "order", "STALE",
               "its provenance is missing or does not fit: run it again");
    // The experiment's own folder comes before those of its runs.
    demo("--tier smoke", 2);
    expect_row(__LINE__, "order", "TREND-ONLY", "");
}

Test(ledger, a_reference_needs_a_reason)
{
    int code;
    demo("--tier smoke", 2);
    expect_death(__LINE__, tool, "--tier|smoke|--quiet|--accept|", 2, "--accept");
    expect_death(__LINE__, tool, "--tier|smoke|--quiet|--accept=", 2, "--accept");
    expect_death(__LINE__, tool, "--tier|smoke|--quiet|--accept|  ", 2, "--accept");
    expect_death(__LINE__, tool, "--tier|smoke|--quiet|--accept|a\tb", 2, "one line");
    expect_death(__LINE__, tool, "--tier|smoke|--accept", 2, "--accept");
    cr_expect_neq(access(reference_file, F_OK), 0);
    tool_says(&code, "--tier|smoke|--quiet|--accept|the first one");
    cr_expect_eq(code, 0);
    // The reference's ledger is this ledger: intervals, tests and reasons are in it.
    char *ours = strdup(world_text(ledger_file));
    cr_expect_str_eq(world_text(reference_file), ours);
    cr_expect(strstr(ours, "\t2\t1.5\t2.5\t100\tbootstrap\t"), "%s", ours);
    free(ours);
}

Test(ledger, every_reason_stays_on_record)
{
    int code;
    tool_says(&code, "--tier|smoke|--quiet|--accept|the first one");
    tool_says(&code, "--tier|smoke|--quiet|--accept|a better one");
    cr_expect_eq(code, 0);
    const char *text = world_text("results/reference/smoke-planted/reasons.tsv");
    const char *first = strstr(text, "\tunknown\tthe first one\n"),
               *second = strstr(text, "\tunknown\ta better one\n");
    cr_expect(!strncmp(text, "number\tdate\tcommit\treason\n1\t20", 30));
    cr_expect(first && second && first < second);
}

// Runs 02-demo, which writes the files named, with the tool's `text` in each.
static void demo_files(const char *const *files, size_t count, const char *text)
{
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, "--tier smoke --force 1", words);
    world_listen();
    run_fresh(&run);
    for (size_t i = 0; i < count; ++i) {
        run_path(path, &run, files[i]);
        world_write(path, text);
    }
    run_result(&run, "gap", 1, NAN, NAN, 0, "");
    run_close(&run);
}

// Expects that a file of the reference and of the results hold the same, or that the first is
// missing.
static void expect_copy(int line, const char *file, int there)
{
    char copy[PATH_SIZE], path[PATH_SIZE], first[HASH_HEX], second[HASH_HEX];
    path_format(copy, "results/reference/smoke-planted/02-demo/%s", file);
    path_format(path, "%s/%s", demo_folder, file);
    cr_expect_eq(file_exists(copy), there, "line %d: %s", line, file);
    if (!there || !file_exists(copy)) return;
    hash_file(first, copy);
    hash_file(second, path);
    cr_expect_str_eq(first, second, "line %d: %s", line, file);
}

Test(ledger, a_reference_keeps_figures_and_numbers_to_compare_with)
{
    static const char *const files[] = {
        "ranks.png", "ranks.tsv",          "ranks.txt",  "ranks.md",
        "ranks.svg", "export/figure9.png", "tokens.npy", "../other.tsv"};
    static const char elsewhere[] =
        "results/reference/smoke-planted/03-other/notes.txt";
    int code;
    world_write(elsewhere, "a reader's");
    demo_files(files, 8, "first");
    tool_says(&code, "--tier|smoke|--quiet|--accept|the first one");
    cr_assert_eq(code, 0);
    for (int i = 0; i < 8; ++i) expect_copy(__LINE__, files[i], i < 4);
    expect_copy(__LINE__, "result.tsv", 1);
    expect_copy(__LINE__, "provenance.tsv", 1);
    expect_copy(__LINE__, "verdicts.tsv", 1);

    // The next reference is complete: figures that its result does not have are removed.
    demo_files(files, 2, "second");
    tool_says(&code, "--tier|smoke|--quiet|--accept|the second one");
    cr_assert_eq(code, 0);
    for (int i = 0; i < 8; ++i) expect_copy(__LINE__, files[i], i < 2);
    expect_copy(__LINE__, "provenance.tsv", 1);

    // A figure that was edited fails its digest, so nothing of the experiment is copied.
    world_write("results/smoke-planted/02-demo/ranks.png", "painted");
    tool_says(&code, "--tier|smoke|--quiet|--accept|the third one");
    cr_assert_eq(code, 0);
    for (int i = 0; i < 8; ++i) expect_copy(__LINE__, files[i], 0);
    expect_copy(__LINE__, "provenance.tsv", 0);
    cr_expect(file_exists(elsewhere));
}

// Ends a training's run, with its log outside its folder.
static void demo_training(const char *log)
{
    static char training[] = "--tier=smoke", run_name[] = "--run=m75-h3",
                force[] = "--force=1", program[] = "pretrain";
    char *argv[] = {program, training, run_name, force};
    struct run run;
    world_listen();
    run_open(&run, "00-pretrain", "code-1", 4, argv);
    run_fresh(&run);
    world_write("results/smoke-planted/runs/m75-h3/log.tsv", log);
    run_output(&run, "results/smoke-planted/runs/m75-h3/log.tsv");
    run_result(&run, "hours", 2, NAN, NAN, 0, "h");
    run_close(&run);
}

Test(ledger, a_reference_keeps_what_each_training_lost_and_how_long_it_took)
{
    static const char copy[] = "results/reference/smoke-planted/00-pretrain/m75-h3/";
    char path[PATH_SIZE];
    int code;
    demo("--tier smoke", 2);
    demo_training("a log");
    tool_says(&code, "--tier|smoke|--quiet|--accept|the first one");
    cr_assert_eq(code, 0);
    path_format(path, "%sresult.tsv", copy);
    cr_expect(strstr(world_text(path), "\nhours\t2\t"));
    path_format(path, "%slog.tsv", copy);
    cr_expect_str_eq(world_text(path), "a log");
    demo_training("another log");
    tool_says(&code, "--tier|smoke|--quiet|--accept|trained again");
    cr_expect_str_eq(world_text(path), "another log");

    // Weights that were not trained here have no result; what is known of them stays.
    cr_assert_eq(system("rm -r results/smoke-planted/00-pretrain"), 0);
    tool_says(&code, "--tier|smoke|--quiet|--accept|without a training");
    cr_assert_eq(code, 0);
    cr_expect_str_eq(world_text(path), "another log");
}

// Runs 03-other, which judges its claim.
static void other(void)
{
    static char tier[] = "--tier=smoke", force[] = "--force=1", program[] = "other";
    char *argv[] = {program, tier, force};
    struct run run;
    world_listen();
    run_open(&run, "03-other", "code-1", 3, argv);
    run_verdict(&run, "other", VERDICT_REFUTED, NULL, "counter-example", "y = 1");
    run_close(&run);
}

Test(ledger, one_experiment_alone_is_accepted_and_the_others_stay)
{
    static const char only[] = "--tier|smoke|--quiet|--accept|table 1 again|--only|",
                      results[] = "results/smoke-planted/03-other",
                      copy[] = "results/reference/smoke-planted/03-other/verdicts.tsv";
    char command[128];
    int code;
    snprintf(command, sizeof command, "%stable1", only);
    demo("--tier smoke", 2);
    expect_death(__LINE__, tool, command, 3, "is not there");
    other();
    tool_says(&code, "--tier|smoke|--quiet|--accept|the first one");
    cr_assert_eq(code, 0);

    // The other experiment has no result now.
    rename(results, "elsewhere");
    demo("--tier smoke --force 1", -7);
    tool_says(&code, command);
    cr_expect_eq(code, 0);
    const char *text = world_text(reference_file);
    cr_expect(strstr(text, "\nother\t") && strstr(text, "\tREFUTED\t\t") &&
                  strstr(text, "\ty = 1\tunknown\t"),
              "%s", text);
    cr_expect(strstr(text, "\t-7\t-7.5\t-6.5\t100\tbootstrap\t"), "%s", text);
    cr_expect(file_exists(copy));
    expect_copy(__LINE__, "verdicts.tsv", 1);
    tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 1, "what was not run here differs");

    snprintf(command, sizeof command, "%sfigure3", only);
    expect_death(__LINE__, tool, command, 3, "figure3: has no result in results/smoke");
    snprintf(command, sizeof command, "%stable9", only);
    expect_death(__LINE__, tool, command, 2, "table9: the target of no claim");
    expect_death(__LINE__, tool, "--tier|smoke|--only|table1", 2, "--only");
}

Test(ledger, errors_and_stale_rows_are_not_accepted)
{
    demo("--tier smoke", 2);
    unlink("results/smoke-planted/02-demo/provenance.tsv");
    expect_death(__LINE__, tool, "--tier|smoke|--quiet|--accept|why not", 3,
                 "order: STALE is not a verdict to accept");
    cr_expect_neq(access(reference_file, F_OK), 0);
}

Test(ledger, check_fails_on_errors_and_on_verdicts_that_differ)
{
    int code;
    const char *says;
    demo("--tier smoke", 2);
    says = tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 0, "no reference");
    cr_expect(strstr(says, "no reference at results/reference/smoke-planted"));
    tool_says(&code, "--tier|smoke|--quiet|--accept|the first one");
    says = tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 0, "as the reference");
    cr_expect(strstr(says, "all 10 claims and 1 subtractions have the verdicts of"));

    // Another estimate with the same verdict is no difference; another verdict is.
    demo("--tier smoke --force 1", 1.75);
    tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 0, "same verdict");
    demo("--tier smoke --force 1", -2);
    says = tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 1, "other verdict");
    cr_expect_str_eq(says, "order: reference TREND-ONLY, now NOT-REPRODUCED\n");

    demo("--tier smoke --force 1", 2);
    world_write("results/smoke-planted/03-other/error.txt", "exit 4\n");
    says = tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 1, "an error");
    cr_expect_str_eq(says, "other: ERROR: exit 4\n");
    unlink(reference_file);
    tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 1, "an error without a reference");
}

Test(ledger, check_sees_claims_that_came_and_went)
{
    int code;
    world_write(reference_file,
                "id\tverdict\testimate\norder\tNOT-RUN\tnan\ngone\tREFUTED\t1\n");
    const char *says = tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 1);
    cr_expect(strstr(says, "gone: reference REFUTED, now no claim"));
    cr_expect(strstr(says, "pure: NOT-RUN, not in the reference"));
    cr_expect(!strstr(says, "order:"));
}

Test(ledger, a_claim_without_its_weights_or_data_differs_from_no_reference)
{
    int code;
    demo("--tier smoke", 2);
    tool_says(&code, "--tier|smoke|--quiet|--accept|with weights");
    demo_without("no weights: make pretrain");
    const char *says = tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 0);
    cr_expect(strstr(says, "order: reference TREND-ONLY, not run here: no weights"));
    cr_expect(strstr(says, "all 9 claims and 1 subtractions have the verdicts of"));

    // Not run for any other reason is a difference.
    demo_without("not wanted");
    tool_says(&code, "--tier|smoke|--quiet|--check");
    cr_expect_eq(code, 1);
}

Test(ledger, people_read_it_by_part_of_the_paper_with_counts_at_the_end)
{
    int code;
    demo("--tier smoke", 2);
    const char *says = tool_says(&code, "--tier|smoke");
    cr_expect_eq(code, 0);
    cr_expect(strstr(says,
                     "\ntable1\n  order     2.0                     2 [1.5, 2.5]      "
                     "             TREND-ONLY         what is found\n"));
    cr_expect(strstr(says, "NOT-RUN(no data)\n"));
    cr_expect(strstr(says, "\n10 claims: 1 TREND-ONLY, 1 REFUTED, 8 NOT-RUN; "
                           "1 subtractions of printed numbers: 1 REPRODUCED\n"));
    cr_expect(!strchr(says, '\033'), "no colour in a pipe");
}

Test(ledger, colours_surround_the_verdict_only_when_asked_for)
{
    struct ledger ledger;
    demo("--tier smoke", 2);
    ledger_build(&ledger, "results", TIER_SMOKE, "planted");
    FILE *file = fopen("printed.txt", "w");
    cr_assert(file);
    ledger_print(&ledger, file, 1);
    fclose(file);
    cr_expect(strstr(world_text("printed.txt"),
                     "\033[36mTREND-ONLY\033[0m         what is found\n"));
    cr_expect(strstr(world_text("printed.txt"), "\033[2mNOT-RUN\033[0m(no data)\n"));
    ledger_free(&ledger);
}

Test(ledger, markdown_has_a_line_a_claim)
{
    int code;
    demo("--tier smoke", 2);
    const char *says = tool_says(&code, "--tier|smoke|--markdown");
    cr_expect_eq(code, 0);
    cr_expect(strstr(
        says, "| claim | place | statement | printed | ours | of what | verdict |\n"));
    cr_expect(strstr(says, "| order | Table 1 | A beats B | 2.0 | 2 [1.5, 2.5] | what "
                           "is found | TREND-ONLY |\n"));
    cr_expect(strstr(says, "| image | Table 1 | A beats B on ImageNet | 2.0 | - |  | "
                           "NOT-RUN(imagenet) |\n"));
    cr_expect(strstr(says, "8 NOT-RUN; 1 subtractions of printed numbers: 1 REPROD"));
}

Test(ledger, a_wrong_option_is_a_usage_error)
{
    expect_death(__LINE__, tool, "--tier|smoke|--data|cifar10", 2, "smoke-cifar10");
    expect_death(__LINE__, tool, "--quiet|2", 2, "--quiet");
    expect_death(__LINE__, tool, "--loud", 2, "--loud");
}
