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
                   "id\tverdict\testimate\tlow\thigh\tn\ttest\treason\tscale\tfinding\n"
                   "order\tTREND-ONLY\t1.25\t0.5\t2\t100\tbootstrap\t\t\ta note\n");
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
                     "    what is found; n = 100, bootstrap: a note\n\n"
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
    world_claims_write("paper/claims.tsv", text);
    cr_expect_eq(demo("--tier smoke", "w1"), 1, "the sentence");
    at = strstr(text, "\t0.3\t");
    memcpy(at, "\t0.4\t", 5);
    world_claims_write("paper/claims.tsv", text);
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
    hash_file(digest, path);
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

// commit = that of the folder paper as it is now.
static void commit_paper(char commit[HASH_HEX])
{
    cr_assert_eq(system("git init -q . && git add paper && git -c user.name=a -c "
                        "user.email=a@b -c commit.gpgsign=false commit -qm a && "
                        "git rev-parse HEAD > commit.txt"),
                 0);
    snprintf(commit, HASH_HEX, "%.40s", world_text("commit.txt"));
}

Test(run, a_commit_made_meanwhile_is_not_that_of_the_results)
{
    struct run run;
    struct provenance provenance;
    char words[512], before[HASH_HEX], after[HASH_HEX];
    world_listen();
    commit_paper(before);
    world_run(&run, "--tier smoke", words);
    cr_expect_eq(run_fresh(&run), 0);
    world_write("paper/later.md", "later\n");
    commit_paper(after);
    cr_assert_str_neq(before, after);
    run_verdict_rest(&run, "no part of this test");
    run_close(&run);
    cr_assert_eq(
        provenance_read(&provenance, "results/smoke-planted/02-demo/provenance.tsv"),
        1);
    cr_expect_str_eq(provenance_find(&provenance, "commit"), before);
    provenance_free(&provenance);
}

Test(run, commit_and_changes_since_are_those_of_git)
{
    char commit[HASH_HEX];
    expect_machine(__LINE__, "dirty", "unknown");
    commit_paper(commit);
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
    expect_death(__LINE__, note_late, NULL, -6, "after run_fresh");
    expect_death(__LINE__, result_twice, NULL, -6, "comes twice");
}
