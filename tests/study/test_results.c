#include "core/study/results.h"

#include <math.h>
#include <signal.h>

#include "core/report/command.h"
#include "core/report/record.h"
#include "core/study/headings.h"
#include "tests/report/world.h"

TestSuite(results, .init = world_open);

Test(results, numbers_go_to_the_result_and_to_a_cell)
{
    struct run run;
    char words[512], cell[2][NUMBER_TEXT];
    world_listen();
    world_run(&run, "--tier smoke", words);
    put_estimate(&run, cell[0], (struct estimate){2, 1.5, 3, 40}, "points", "%s.%s-%d",
                 "lp", "gap", 3);
    put_number(&run, cell[1], .25, 7, "1", "spread");
    put_number(&run, NULL, 4, 0, "1", "other");
    cr_expect_str_eq(cell[0], "2 [1.5, 3]");
    cr_expect_str_eq(cell[1], "0.25");
    run_close(&run);
    const char *text = world_text("results/smoke-planted/02-demo/result.tsv");
    cr_expect(strstr(text, "\nlp.gap-3\t2\t1.5\t3\t40\tpoints\n"), "%s", text);
    cr_expect(strstr(text, "\nspread\t0.25\tnan\tnan\t7\t1\n"), "%s", text);
}

static void put_long_key(const void *run)
{
    struct run copy = *(const struct run *)run;
    put_number(&copy, NULL, 1, 0, "1", "%0100d", 1);
}

Test(results, a_key_that_is_too_long_is_not_cut)
{
    struct run run;
    char words[512];
    world_run(&run, "--tier smoke", words);
    expect_ending(__LINE__, put_long_key, &run, -SIGABRT, "is too long");
    world_drop(&run);
}

// The cells of a claim's row, from the second on; static storage.
static const char *cells_of(struct run *run, const char *id,
                            const struct estimate *ours, const char *more)
{
    static char line[512];
    struct table table;
    size_t used = 0;
    table_open(&table, more ? 5 : 4,
               (const char *const[]){"what", "published", "yours", "verdict", "more"});
    claim_row(&table, run, "what", id, ours, more);
    for (size_t c = 1; c < table.columns; ++c)
        used += (size_t)snprintf(line + used, sizeof line - used, "%s%s",
                                 c > 1 ? " | " : "", table.cells[c]);
    table_close(&table);
    return line;
}

Test(results, a_row_sets_published_ours_and_the_recorded_verdict_side_by_side)
{
    const struct estimate ours = {2.5, 2, 3, 100};
    struct run run;
    char words[512];
    world_run(&run, "--tier desk --data cifar10", words);
    // Recorded outright: the interval alone would have earned more.
    run_verdict(&run, "cifar", VERDICT_TREND_ONLY, &ours, "t", "");
    run_judge(&run, "accuracy", &ours, 1, 0, "t", "");
    cr_expect_str_eq(cells_of(&run, "cifar", &ours, NULL),
                     "2.0 | 2.5 [2, 3] | TREND-ONLY");
    cr_expect_str_eq(cells_of(&run, "cifar", NULL, NULL), "2.0 | - | TREND-ONLY");
    cr_expect_str_eq(cells_of(&run, "accuracy", &ours, "5"),
                     "83.6 | 2.5 [2, 3] | NOT-RUN(paper tier) | 5");
    cr_expect_str_eq(cells_of(&run, NULL, &ours, NULL), "- | 2.5 [2, 3] | -");
    world_drop(&run);
}

Test(results, a_printed_number_is_not_set_beside_one_of_other_images)
{
    const struct estimate ours = {2.5, 2, 3, 100};
    struct run run;
    char words[512];
    world_run(&run, "--tier smoke", words);
    run_verdict(&run, "cifar", VERDICT_NOT_RUN, NULL, "", "");
    cr_expect_str_eq(cells_of(&run, "cifar", &ours, NULL),
                     "- | 2.5 [2, 3] | NOT-RUN(no data)");
    cr_expect_str_eq(cells_of(&run, "cifar", NULL, NULL), "2.0 | - | NOT-RUN(no data)");
    world_drop(&run);
}

static void show_unjudged(const void *run)
{
    struct run copy = *(const struct run *)run;
    cells_of(&copy, "cifar", NULL, NULL);
}

Test(results, no_verdict_is_shown_before_it_is_recorded)
{
    struct run run;
    char words[512];
    world_run(&run, "--tier smoke", words);
    expect_ending(__LINE__, show_unjudged, &run, -SIGABRT, "before it is judged");
    world_drop(&run);
}

// ====== The command that goes on ======

Test(results, the_command_says_what_is_not_by_default)
{
    static const struct {
        const char *options, *command;
    } cases[] = {
        {"--tier desk --data cifar10", "make table2 TIER=desk DATA=cifar10"},
        {"--tier smoke --seed 7 --seeds 3 --epochs .5 --arithmetic bf16",
         "make table2 TIER=smoke DATA=planted ARITHMETIC=bf16 EPOCHS=0.5 SEED=7 "
         "SEEDS=3"},
        {"--tier smoke --results other --force 1",
         "make table2 TIER=smoke DATA=planted RESULTS='other'"},
        {"--tier smoke --run m75-h3 --force 1",
         "make table2 RUN=m75-h3 TIER=smoke DATA=planted FORCE=1"},
        {"--tier smoke --export 1 --threads 1",
         "make table2 TIER=smoke DATA=planted EXPORT=1"},
        {"--tier smoke --shipped 0 --results other",
         "make table2 TIER=smoke DATA=planted SHIPPED=0 RESULTS='other'"},
        {"--tier desk --shipped=pretrainings",
         "make table2 TIER=desk DATA=cifar10 SHIPPED=pretrainings"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        struct run run;
        char words[512], command[COMMAND_TEXT];
        world_run(&run, cases[i].options, words);
        run_command(command, &run, "table2");
        cr_expect_str_eq(command, cases[i].command);
        world_drop(&run);
    }
}

Test(results, the_command_that_makes_weights_says_where_they_are_looked_for)
{
    static const struct {
        const char *options, *folder, *command;
    } cases[] = {
        {"--tier desk --data cifar10", NULL,
         "make pretrain RUN=m50-h3 TIER=desk DATA=cifar10"},
        {"--tier smoke --results it's --seed 7", "/data/cifar",
         "make pretrain RUN=m50-h3 TIER=smoke DATA=planted RESULTS='it'\\''s'"},
        {"--tier desk --data cifar10 --seeds 3", "/data/my cifar",
         "make pretrain RUN=m50-h3 TIER=desk DATA=cifar10 CIFAR10_DIR='/data/my "
         "cifar'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        struct run run;
        char words[512], command[COMMAND_TEXT];
        unsetenv("CIFAR10_DIR");
        if (cases[i].folder) setenv("CIFAR10_DIR", cases[i].folder, 1);
        world_run(&run, cases[i].options, words);
        weights_command(command, &run, "m50-h3");
        cr_expect_str_eq(command, cases[i].command);
        world_drop(&run);
    }
}

// ====== Headings of a panel ======

Test(results, headings_are_a_table_with_the_experiments_own_numbers)
{
    const double values[] = {.5, 2};
    struct run run;
    struct images images;
    struct headings headings;
    char words[512], want[512], digest[HASH_HEX];
    world_run(&run, "--tier smoke", words);
    images_load(&images, "planted", SPLIT_TEST);
    headings_open(&headings, &run, "figure9.tsv", (const char *const[]){"p", "q"}, 2);
    headings_put(&headings, "column", 0, "image", "a note", NULL);
    headings_put(&headings, "step", 1, "encode", "", values);
    headings_put_image(&headings, &images, 3, values);
    headings_close(&headings);
    images_record_digest(digest, &images, 3);
    snprintf(want, sizeof want,
             "axis\tplace\theading\tnote\tp\tq\n"
             "column\t0\timage\ta note\tnan\tnan\n"
             "step\t1\tencode\t\t0.5\t2\n"
             "row\t3\ttest 3\t%.8s\t0.5\t2\n",
             digest);
    cr_expect_str_eq(world_text("results/smoke-planted/02-demo/figure9.tsv"), want);
    images_free(&images);
    world_drop(&run);
}
