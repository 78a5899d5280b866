#include "core/report/run.h"

#include <math.h>

#include "tests/report/world.h"

TestSuite(run, .init = world_open);

static const char folder[] = "results/smoke-planted/02-demo";

// A complete run with one number, one verdict and one file. Returns 1 if an earlier result was up
// to date.
static int demo(const char *options, const char *weights)
{
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, options, words);
    run_note(&run, "weights", weights, 1);
    run_note(&run, "host", "here", 0);
    if (run_fresh(&run)) {
        cr_expect_eq(run_print(&run), 0);
        return 1;
    }
    run_path(path, &run, "figure2.tsv");
    world_write(path, "i\tvalue\n1\t2\n");
    run_result(&run, "gap", 1.25, .5, 2, 100, "points");
    run_result(&run, "count", 3, (double)NAN, (double)NAN, 0, "");
    run_judge(&run, "order", &(struct estimate){1.25, .5, 2, 100}, 1, 0, "bootstrap",
              "a note");
    cr_expect_eq(run_close(&run), 0);
    return 0;
}

static void path_of(char path[PATH_SIZE], const char *file)
{
    path_format(path, "%s/%s", folder, file);
}

Test(run, results_and_verdicts_are_written_as_tables)
{
    char path[PATH_SIZE];
    world_listen();
    demo("--tier smoke", "w1");
    path_of(path, "result.tsv");
    scratch_expect(__LINE__, path,
                   "key\tvalue\tlow\thigh\tn\tunit\n"
                   "gap\t1.25\t0.5\t2\t100\tpoints\ncount\t3\tnan\tnan\t0\t\n");
    path_of(path, "verdicts.tsv");
    scratch_expect(__LINE__, path,
                   "id\tverdict\testimate\tlow\thigh\tn\ttest\tnote\n"
                   "order\tTREND-ONLY\t1.25\t0.5\t2\t100\tbootstrap\ta note\n");
}

Test(run, the_end_says_published_ours_and_verdict_and_so_does_a_repeat)
{
    char first[4096];
    world_listen();
    cr_expect_eq(demo("--tier smoke", "w1"), 0);
    snprintf(first, sizeof first, "%.4000s", world_said());
    cr_expect_str_eq(first,
                     "02-demo, smoke-planted\n\n"
                     "claim  published           ours  verdict\n"
                     "-----  ---------  -------------  ----------\n"
                     "order        2.0  1.25 [0.5, 2]  TREND-ONLY\n"
                     "    Table 1: A beats B\n"
                     "    n = 100, bootstrap: a note\n\n"
                     "files in results/smoke-planted/02-demo: figure2.tsv result.tsv "
                     "verdicts.tsv provenance.tsv\n");
    world_listen();
    cr_expect_eq(demo("--tier smoke", "w1"), 1);
    cr_expect_str_eq(world_said(), first);
}

Test(run, the_same_content_is_up_to_date_for_any_number_of_threads)
{
    world_listen();
    cr_expect_eq(demo("--tier smoke --threads 1", "w1"), 0);
    cr_expect_eq(demo("--tier smoke --threads 2", "w1"), 1);
    cr_expect_eq(demo("--tier smoke --force 1", "w1"), 0);
    cr_expect_eq(demo("--tier smoke", "w1"), 1);
}

Test(run, other_content_runs_again)
{
    static const char *const others[] = {
        "--tier smoke --seed 2", "--tier smoke --epochs 3", "--tier smoke --export 1"};
    world_listen();
    for (size_t i = 0; i < sizeof others / sizeof *others; ++i) {
        demo("--tier smoke --force 1", "w1");
        cr_expect_eq(demo(others[i], "w1"), 0, "%s", others[i]);
        cr_expect_eq(demo(others[i], "w1"), 1, "%s", others[i]);
    }
    demo("--tier smoke --force 1", "w1");
    cr_expect_eq(demo("--tier smoke", "w2"), 0, "other weights");
    // A result with exports is up to date for a run without.
    demo("--tier smoke --export 1", "w1");
    cr_expect_eq(demo("--tier smoke", "w1"), 1);
}

Test(run, other_sources_run_again)
{
    struct run run;
    char program[] = "demo", tier[] = "--tier=smoke", *argv[] = {program, tier};
    char key[HASH_HEX];
    run_open(&run, "02-demo", "code-1", 2, argv);
    run_fresh(&run);
    strcpy(key, run.key);
    world_drop(&run);
    run_open(&run, "02-demo", "code-1", 2, argv);
    run_fresh(&run);
    cr_expect_str_eq(run.key, key);
    world_drop(&run);
    run_open(&run, "02-demo", "code-2", 2, argv);
    run_fresh(&run);
    cr_expect_str_neq(run.key, key);
    world_drop(&run);
}

Test(run, a_changed_margin_runs_again_and_a_changed_sentence_does_not)
{
    char text[8192], *at;
    world_listen();
    demo("--tier smoke", "w1");
    strcpy(text, world_claims);
    at = strstr(text, "A beats B");
    memcpy(at, "A BEATS B", 9);
    world_write("paper/claims.tsv", text);
    cr_expect_eq(demo("--tier smoke", "w1"), 1, "the sentence");
    at = strstr(text, "\t0.3\t");
    memcpy(at, "\t0.4\t", 5);
    world_write("paper/claims.tsv", text);
    cr_expect_eq(demo("--tier smoke", "w1"), 0, "the margin");
}

Test(run, damage_of_any_file_means_a_rerun_and_never_a_crash)
{
    static const char *const files[] = {"provenance.tsv", "verdicts.tsv", "result.tsv",
                                        "figure2.tsv"};
    char path[PATH_SIZE];
    world_listen();
    for (size_t i = 0; i < sizeof files / sizeof *files; ++i) {
        path_of(path, files[i]);
        demo("--tier smoke --force 1", "w1");
        unlink(path);
        cr_expect_eq(demo("--tier smoke", "w1"), 0, "%s missing", files[i]);
        world_write(path, "");
        cr_expect_eq(demo("--tier smoke", "w1"), 0, "%s empty", files[i]);
        scratch_write(path, "\0\t\n\xff", 4);
        cr_expect_eq(demo("--tier smoke", "w1"), 0, "%s overwritten", files[i]);
        cr_expect_eq(demo("--tier smoke", "w1"), 1);
    }
}

Test(run, a_provenance_cut_anywhere_means_a_rerun)
{
    char path[PATH_SIZE], whole[1 << 14];
    world_listen();
    demo("--tier smoke", "w1");
    path_of(path, "provenance.tsv");
    strcpy(whole, world_text(path));
    size_t size = strlen(whole);
    for (size_t cut = 0; cut < size; ++cut) {
        struct provenance provenance;
        // Before and after each newline, where the rest looks complete, and at bytes between.
        if (whole[cut] != '\n' && cut && whole[cut - 1] != '\n' && cut % 29) continue;
        scratch_write(path, whole, cut);
        cr_expect_eq(provenance_read(&provenance, path), 0, "cut at %zu", cut);
        cr_expect_eq(provenance.count, 0);
    }
}

Test(run, a_run_that_is_cut_short_leaves_no_provenance)
{
    struct run run;
    char words[512], path[PATH_SIZE];
    world_listen();
    demo("--tier smoke", "w1");
    world_run(&run, "--tier smoke --seed 7", words);
    cr_expect_eq(run_fresh(&run), 0);
    world_drop(&run);
    path_of(path, "provenance.tsv");
    cr_expect_neq(access(path, F_OK), 0);
}

// A run that exports an array when asked to.
static void demo_export(const char *options)
{
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, options, words);
    world_listen();
    cr_assert_eq(run_fresh(&run), 0, "%s", options);
    if (run.options.export_arrays) {
        run_path(path, &run, "export/tokens.npy");
        world_write(path, "array");
    }
    path_format(path, "%s/weights/m75-h3.safetensors", run.root);
    world_write(path, "weights");
    run_output(&run, path);
    run_close(&run);
}

Test(run, what_an_earlier_run_wrote_and_this_one_does_not_is_removed)
{
    char array[PATH_SIZE], mine[PATH_SIZE], verdicts[PATH_SIZE];
    struct run run;
    char words[512];
    path_of(array, "export/tokens.npy");
    path_of(mine, "notes.txt");
    path_of(verdicts, "verdicts.tsv");
    demo_export("--tier smoke --export 1");
    world_write(mine, "what a reader wrote");
    cr_expect(file_exists(array));
    demo_export("--tier smoke --seed 2");
    cr_expect(!file_exists(array), "the array of seed 1");
    cr_expect(file_exists(mine), "a file that no run wrote");

    // Weights lie outside the folder; a run cut short leaves verdicts, which are stale.
    world_run(&run, "--tier smoke --seed 3", words);
    cr_expect_eq(run_fresh(&run), 0);
    world_drop(&run);
    cr_expect(file_exists("results/smoke-planted/weights/m75-h3.safetensors"));
    cr_expect(file_exists(verdicts));
    path_of(verdicts, "result.tsv");
    cr_expect(!file_exists(verdicts));
}

Test(run, an_edited_provenance_removes_nothing_outside_the_folder)
{
    static const char *const names[] = {"../03-other/a.tsv",
                                        "export/../../03-other/a.tsv",
                                        "../02-demo-more/a.tsv", "link/a.tsv"};
    struct provenance tampered = {0};
    char path[PATH_SIZE], absolute[PATH_SIZE], *name, long_name[2 * PATH_SIZE];
    struct run run;
    char words[512];
    demo_export("--tier smoke --export 1");
    world_write("results/smoke-planted/03-other/a.tsv", "a");
    world_write("results/smoke-planted/02-demo-more/a.tsv", "a");
    path_of(path, "link");
    cr_assert_eq(symlink("../03-other", path), 0);
    path_of(path, "a.tsv");
    world_write(path, "a");
    path_format(absolute, "%s/results/smoke-planted/03-other/a.tsv", scratch_folder);
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = 0;

    // Its digests are right: whoever edits the file can compute them too.
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        path_format(path, "%s/%s", folder, names[i]);
        cr_assert(file_exists(path), "%s", path);
        provenance_file(&tampered, names[i], path);
    }
    provenance_file(&tampered, absolute, absolute);
    provenance_file(&tampered, "export", absolute); // a folder
    cr_assert(asprintf(&name, "file %s", long_name) > 0);
    provenance_add(&tampered, name, "0", 0);
    free(name);
    path_of(path, "a.tsv");
    provenance_file(&tampered, "./a.tsv", path);
    path_of(path, "provenance.tsv");
    provenance_write(&tampered, path);
    provenance_free(&tampered);

    world_run(&run, "--tier smoke", words);
    cr_expect_eq(run_fresh(&run), 0);
    world_drop(&run);
    cr_expect(file_exists("results/smoke-planted/03-other/a.tsv"));
    cr_expect(file_exists("results/smoke-planted/02-demo-more/a.tsv"));
    path_of(path, "export/tokens.npy");
    cr_expect(file_exists(path));
    // It did read the list: the file inside is removed.
    path_of(path, "a.tsv");
    cr_expect(!file_exists(path));
}

Test(run, success_removes_the_note_of_an_earlier_failure)
{
    char path[PATH_SIZE];
    path_of(path, "error.txt");
    world_listen();
    world_write(path, "out of memory\n");
    demo("--tier smoke", "w1");
    cr_expect_neq(access(path, F_OK), 0, "after a run");
    world_write(path, "out of memory\n");
    demo("--tier smoke", "w1");
    cr_expect_neq(access(path, F_OK), 0, "after a repeat");
}

Test(run, provenance_says_where_a_result_came_from)
{
    struct provenance provenance;
    char path[PATH_SIZE], digest[HASH_HEX];
    world_listen();
    demo("--tier smoke --seed 9 --threads 2", "w1");
    path_of(path, "provenance.tsv");
    cr_assert(provenance_read(&provenance, path));
    static const char *const want[][2] = {
        {"experiment", "02-demo"}, {"code", "code-1"},  {"tier", "smoke"},
        {"data", "planted"},       {"seed", "9"},       {"seeds", "the tier's"},
        {"weights", "w1"},         {"host", "here"},    {"threads", "2"},
        {"export", "0"},           {"epochs", "recipe"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; ++i) {
        const char *got = provenance_find(&provenance, want[i][0]);
        cr_expect(got && !strcmp(got, want[i][1]), "%s is %s", want[i][0],
                  got ? got : "missing");
    }
    static const char *const there[] = {"commit",  "dirty",       "CPU",
                                        "seconds", "peak memory", "key"};
    for (size_t i = 0; i < sizeof there / sizeof *there; ++i)
        cr_expect(provenance_find(&provenance, there[i]), "%s", there[i]);
    path_of(path, "figure2.tsv");
    hash_file(digest, HASH_SHA256, path);
    cr_expect_str_eq(provenance_find(&provenance, "file figure2.tsv"), digest);
    provenance_free(&provenance);
}

Test(run, without_git_the_commit_is_unknown)
{
    char commit[HASH_HEX];
    provenance_commit(commit); // the scratch folder is no repository
    cr_expect_str_eq(commit, "unknown");
}

// What provenance_machine says of the line `what` just now.
static void expect_machine(int line, const char *what, const char *want)
{
    struct provenance provenance = {0};
    provenance_machine(&provenance);
    const char *got = provenance_find(&provenance, what);
    cr_expect(got && !strcmp(got, want), "line %d: %s is %s, not %s", line, what,
              got ? got : "missing", want);
    provenance_free(&provenance);
}

Test(run, commit_and_changes_since_are_those_of_git)
{
    char commit[HASH_HEX];
    expect_machine(__LINE__, "dirty", "unknown");
    cr_assert_eq(system("git init -q . && git add paper && git -c user.name=a -c "
                        "user.email=a@b -c commit.gpgsign=false commit -qm a && "
                        "git rev-parse HEAD > commit.txt"),
                 0);
    snprintf(commit, sizeof commit, "%.40s", world_text("commit.txt"));
    expect_machine(__LINE__, "commit", commit);
    expect_machine(__LINE__, "dirty", "no");
    world_write("paper/claims.tsv", "changed\n");
    expect_machine(__LINE__, "dirty", "yes");
}

Test(run, a_file_outside_the_folder_is_verified_too)
{
    world_listen();
    for (int i = 0; i < 2; ++i) {
        struct run run;
        char words[512], path[PATH_SIZE];
        world_run(&run, "--tier smoke --run m75-h3", words);
        cr_expect_str_eq(run.folder, "results/smoke-planted/02-demo/m75-h3");
        cr_expect_eq(run_fresh(&run), 0, "round %d", i);
        path_format(path, "%s/weights/m75-h3.safetensors", run.root);
        world_write(path, "weights");
        run_output(&run, path);
        run_close(&run);

        world_run(&run, "--tier smoke --run m75-h3", words);
        cr_expect_eq(run_fresh(&run), 1);
        world_drop(&run);
        world_write(path, "other weights");
    }
}

Test(run, weights_made_here_come_before_shipped_ones)
{
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, "--tier desk --results out", words);
    cr_expect_eq(run_weights(path, &run, "m75-h3"), 0);
    // The folder of shipped weights does not depend on --results.
    world_write("out/checkpoints/desk-cifar10/m75-h3.safetensors", "x");
    cr_expect_eq(run_weights(path, &run, "m75-h3"), 0);
    world_write("results/checkpoints/desk-cifar10/m75-h3.safetensors", "x");
    cr_expect_eq(run_weights(path, &run, "m75-h3"), 1);
    cr_expect_str_eq(path, "results/checkpoints/desk-cifar10/m75-h3.safetensors");
    world_write("out/desk-cifar10/weights/m75-h3.safetensors", "x");
    cr_expect_eq(run_weights(path, &run, "m75-h3"), 1);
    cr_expect_str_eq(path, "out/desk-cifar10/weights/m75-h3.safetensors");
    world_drop(&run);
}

Test(run, options_have_the_defaults_of_the_plan)
{
    static const struct {
        const char *options, *root;
    } cases[] = {{"", "results/desk-cifar10"},
                 {"--data planted", "results/desk-planted"},
                 {"--tier smoke", "results/smoke-planted"},
                 {"--tier paper", "results/paper-cifar10"},
                 {"--tier=desk --results=elsewhere", "elsewhere/desk-cifar10"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        struct run run;
        char words[512];
        world_run(&run, cases[i].options, words);
        cr_expect_str_eq(run.root, cases[i].root);
        cr_expect_str_eq(run.options.arithmetic, "auto");
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

Test(run, a_wrong_option_is_a_usage_error)
{
    static const struct {
        const char *options, *says;
    } cases[] = {
        {"--tier smoke --data cifar10", "smoke-cifar10: no such tier and data"},
        {"--tier desk --data imagefolder", "smoke-planted, desk-cifar10"},
        {"--tier paper --data imagefolder",
         "imagefolder: not available in this version (use DATA=cifar10)"},
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
        {"--colour red", "--colour"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        expect_death((int)i, open_run, cases[i].options, 2, cases[i].says);
}

// A verdict that must not be recordable.
struct forbidden {
    const char *id;
    enum verdict verdict;
    int part;
    double estimate, low, high;
};

static void record(const void *argument)
{
    const struct forbidden *f = argument;
    struct run run;
    char words[512];
    world_run(&run, "--tier paper", words);
    struct estimate part = {f->estimate, f->low, f->high, 9};
    run_verdict(&run, f->id, f->verdict, f->part ? &part : NULL, "test", "");
}

Test(run, a_verdict_that_says_too_much_aborts)
{
    const double no = (double)NAN;
    const struct {
        struct forbidden forbidden;
        const char *says;
    } cases[] = {
        {{"order", VERDICT_REPRODUCED, 1, no, 1, 2}, "without an estimate"},
        {{"order", VERDICT_REPRODUCED, 1, 1, no, 2}, "without an interval"},
        {{"order", VERDICT_TREND_ONLY, 1, 1, 1, no}, "without an interval"},
        {{"order", VERDICT_REPRODUCED, 0, 0, 0, 0}, "without an estimate"},
        {{"accuracy", VERDICT_REPRODUCED, 1, no, no, no}, "without an estimate"},
        {{"order", VERDICT_REFUTED, 1, -1, -2, -.5}, "no mathematical statement"},
        {{"same", VERDICT_REFUTED, 1, -1, -2, -.5}, "no mathematical statement"},
        {{"other", VERDICT_REPRODUCED, 0, 0, 0, 0}, "belongs to 03-other"},
        {{"nowhere", VERDICT_REPRODUCED, 0, 0, 0, 0}, "not in the table"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i)
        expect_death((int)i, record, &cases[i].forbidden, -6, cases[i].says);
}

static void record_twice(const void *unused)
{
    struct run run;
    char words[512];
    (void)unused;
    world_run(&run, "", words);
    run_verdict(&run, "pure", VERDICT_REFUTED, NULL, "counter-example", "");
    run_verdict(&run, "pure", VERDICT_REPRODUCED, NULL, "again", "");
}

static void note_late(const void *unused)
{
    struct run run;
    char words[512];
    (void)unused;
    world_run(&run, "", words);
    run_fresh(&run);
    run_note(&run, "weights", "w", 1);
}

static void result_twice(const void *unused)
{
    struct run run;
    char words[512];
    (void)unused;
    world_run(&run, "", words);
    run_result(&run, "a", 1, 1, 1, 0, "");
    run_result(&run, "a", 2, 1, 1, 0, "");
}

Test(run, recording_twice_or_late_aborts)
{
    expect_death(__LINE__, record_twice, NULL, -6, "has a verdict already");
    expect_death(__LINE__, note_late, NULL, -6, "after run_fresh");
    expect_death(__LINE__, result_twice, NULL, -6, "comes twice");
}

// The verdicts.tsv of a run with these options in which `act` records.
static const char *recorded(const char *options, void (*act)(struct run *))
{
    struct run run;
    char words[512], path[PATH_SIZE];
    world_run(&run, options, words);
    act(&run);
    path_format(path, "%s/verdicts.tsv", run.folder);
    world_listen();
    run_close(&run);
    return world_text(path);
}

static void judge_parts(struct run *run)
{
    const struct estimate parts[] = {
        {2, 1.5, 3, 10}, {1, -.5, 2.5, 20}, {2, .5, 3, 30}};
    run_judge(run, "order", parts, 3, 0, "bootstrap", "three parts");
}

static void judge_excluded(struct run *run)
{
    run_judge(run, "accuracy", &(struct estimate){44.5, 43, 46, 100}, 1, 0, "bootstrap",
              "");
}

static void judge_pretrainings(struct run *run)
{
    run_judge(run, "order", &(struct estimate){2, 1.5, 3, 2}, 1, 2, "t", "");
}

static void judge_infinite(struct run *run)
{
    run_judge(run, "order", &(struct estimate){2, 1.5, (double)INFINITY, 2}, 1, 0, "t",
              "");
}

Test(run, the_worst_part_decides_and_an_open_question_says_its_power)
{
    cr_expect_str_eq(
        recorded("", judge_parts),
        "id\tverdict\testimate\tlow\thigh\tn\ttest\tnote\n"
        "order\tINCONCLUSIVE\t1\t-0.5\t2.5\t20\tbootstrap\tthree parts; the "
        "smallest difference this test could confirm is 1.5\n");
}

static void judge_on_a_pilot(struct run *run)
{
    run_judge(run, "sum", &(struct estimate){2, NAN, NAN, 0}, 1, 0, "t", "before");
    run_pilot(run, "pilot weights: %d of %d epochs", 1, 63);
    run_pilot(run, "pilot weights: %d of %d epochs", 11, 63);
    run_pilot(run, "pilot weights: %d of %d epochs", 1, 63);
    run_pilot(run, "pilot weights: %d of %d epochs", 1, 6);
    run_judge(run, "order", &(struct estimate){2, 1.5, 3, 2}, 1, 0, "t", "a note");
    run_judge(run, "rise", &(struct estimate){-2, -3, -1, 2}, 1, 0, "t", "");
    run_judge(run, "same", &(struct estimate){0, -.5, .5, 2}, 1, 0, "t", "");
    run_judge(run, "accuracy", &(struct estimate){44.5, 43, 46, 9}, 1, 0, "t", "");
    run_verdict(run, "pure", VERDICT_REFUTED, NULL, "t", "x = 0");
}

#define PILOTS                                                                         \
    "pilot weights: 1 of 63 epochs; pilot weights: 11 of 63 epochs; pilot weights: "   \
    "1 of 6 epochs"

Test(run, what_rests_on_a_pilot_says_so_from_then_on)
{
    cr_expect_str_eq(recorded("", judge_on_a_pilot),
                     "id\tverdict\testimate\tlow\thigh\tn\ttest\tnote\n"
                     "sum\tREFUTED\t2\tnan\tnan\t0\tt\tbefore\n"
                     "order\tTREND-ONLY\t2\t1.5\t3\t2\tt\t" PILOTS "; a note\n"
                     "rise\tINCONCLUSIVE\t-2\t-3\t-1\t2\tt\t" PILOTS "\n"
                     "same\tINCONCLUSIVE\t0\t-0.5\t0.5\t2\tt\t" PILOTS
                     "; the smallest difference this test could confirm is 0.5\n"
                     "accuracy\tNOT-RUN\t44.5\t43\t46\t9\tt\tpaper tier\n"
                     "pure\tREFUTED\tnan\tnan\tnan\t0\tt\tx = 0\n");
}

Test(run, a_table_shows_the_verdict_that_was_recorded)
{
    struct run run;
    char words[512], text[VERDICT_TEXT];
    world_run(&run, "", words);
    run_judge(&run, "order", &(struct estimate){2, 1.5, 3, 100}, 1, 0, "t", "");
    run_judge(&run, "cifar", &(struct estimate){2, 1.5, 3, 100}, 1, 1, "t", "");
    run_judge(&run, "accuracy", &(struct estimate){44.5, 43, 46, 9}, 1, 0, "t", "");
    run_verdict(&run, "map", VERDICT_NOT_RUN, NULL, "", "not wanted");
    run_pilot(&run, "pilot weights: %d of %d epochs", 2, 63);
    run_judge(&run, "rise", &(struct estimate){2, 1.5, 3, 100}, 1, 0, "t", "");
    static const char *const want[][2] = {{"order", "REPRODUCED-SCALED"},
                                          {"cifar", "TREND-ONLY"},
                                          {"accuracy", "NOT-RUN(paper tier)"},
                                          {"map", "NOT-RUN"},
                                          {"same", "-"},
                                          {"rise", "TREND-ONLY"}};
    for (size_t i = 0; i < sizeof want / sizeof *want; ++i) {
        run_verdict_of(text, &run, want[i][0]);
        cr_expect_str_eq(text, want[i][1]);
    }
    world_drop(&run);
}

// Parts of one verdict, of which the one in the middle is the worst.
static const struct {
    int line;
    const char *id;
    struct estimate parts[3];
    const char *row;
} worst_parts[] = {
    // Not failed: the lower end decides, however large the estimate.
    {__LINE__,
     "order",
     {{2, 1.5, 3, 1}, {4, 1.25, 9, 2}, {2, 1.5, 2.5, 3}},
     "order\tREPRODUCED\t4\t1.25\t9\t2\t"},
    {__LINE__,
     "rise",
     {{1, -.5, 2, 1}, {2, -1, 5, 2}, {0, -.75, 1, 3}},
     "rise\tINCONCLUSIVE\t2\t-1\t5\t2\t"},
    // Failures: the upper end.
    {__LINE__,
     "order",
     {{-2, -9, -.5, 1}, {-2, -3, -1, 2}, {-2, -8, -.75, 3}},
     "order\tNOT-REPRODUCED\t-2\t-3\t-1\t2\t"},
    {__LINE__,
     "same",
     {{0, -.125, .125, 1}, {0, -.25, .125, 2}, {.125, 0, .1875, 3}},
     "same\tREPRODUCED\t0\t-0.25\t0.125\t2\t"},
    {__LINE__,
     "same",
     {{1, .5, 9, 1}, {-2, -3, -1, 2}, {1, .75, 8, 3}},
     "same\tNOT-REPRODUCED\t-2\t-3\t-1\t2\t"},
    {__LINE__,
     "sum",
     {{1, NAN, NAN, 1}, {-2, NAN, NAN, 2}, {1.5, NAN, NAN, 3}},
     "sum\tREFUTED\t-2\tnan\tnan\t2\t"},
    {__LINE__,
     "accuracy",
     {{60, NAN, NAN, 1}, {50, NAN, NAN, 2}, {100, NAN, NAN, 3}},
     "accuracy\tNOT-REPRODUCED\t50\tnan\tnan\t2\t"},
    // A part that is not finite is the worst; of equals the first decides.
    {__LINE__,
     "rise",
     {{1, -9, 2, 1}, {2, 1, INFINITY, 2}, {1, -9, 2, 3}},
     "rise\tINCONCLUSIVE\t2\t1\tnan\t2\t"},
    {__LINE__,
     "rise",
     {{9, 2, 10, 1}, {3, 1, 4, 2}, {4, 1, 5, 3}},
     "rise\tREPRODUCED\t3\t1\t4\t2\t"},
    // A worse verdict decides with any interval.
    {__LINE__,
     "order",
     {{2, -5, 3, 1}, {.25, -.125, .5, 2}, {2, .5, 3, 3}},
     "order\tNOT-REPRODUCED\t0.25\t-0.125\t0.5\t2\t"},
};
static size_t worst_case;

static void judge_worst(struct run *run)
{
    run_judge(run, worst_parts[worst_case].id, worst_parts[worst_case].parts, 3, 0, "t",
              "");
}

Test(run, of_parts_with_the_same_verdict_the_worst_decides)
{
    for (size_t i = 0; i < sizeof worst_parts / sizeof *worst_parts; ++i) {
        worst_case = i;
        const char *text = recorded("--tier paper --force 1", judge_worst);
        cr_expect(strstr(text, worst_parts[i].row), "line %d: %s", worst_parts[i].line,
                  text);
    }
}

Test(run, an_excluded_claim_keeps_our_value_and_its_reason)
{
    cr_expect_str_eq(recorded("", judge_excluded),
                     "id\tverdict\testimate\tlow\thigh\tn\ttest\tnote\n"
                     "accuracy\tNOT-RUN\t44.5\t43\t46\t100\tbootstrap\tpaper tier\n");
}

Test(run, two_pretrainings_show_a_trend_only)
{
    cr_expect(
        strstr(recorded("--tier paper", judge_pretrainings), "order\tTREND-ONLY\t"));
}

Test(run, an_infinite_bound_is_no_number_and_no_pass)
{
    cr_expect(strstr(recorded("--tier paper", judge_infinite),
                     "order\tINCONCLUSIVE\t2\t1.5\tnan\t2\tt\t\n"));
}
