#include "core/study/judgement.h"

#include <math.h>

#include "core/study/experiment.h"
#include "tests/expect_close.h"
#include "tests/report/world.h"

TestSuite(judgement, .init = world_open);

// A study with a run and nothing else.
static void open_study(struct study *study, const char *options, char words[512])
{
    *study = (struct study){0};
    world_listen();
    world_run(&study->run, options, words);
}

// The line of `id` in the verdicts of a run that has ended; static storage.
static const char *verdict_of(const char *pair, const char *id)
{
    static char line[512];
    char path[PATH_SIZE], start[64];
    path_format(path, "results/%s/02-demo/verdicts.tsv", pair);
    snprintf(start, sizeof start, "\n%s\t", id);
    const char *at = strstr(world_text(path), start);
    cr_assert(at, "no %s", id);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    return line;
}

Test(judgement, a_claim_on_photographs_gets_no_number_of_other_images)
{
    const struct estimate parts[] = {{2, 1.5, 3, 100}};
    struct study study;
    char words[512];
    open_study(&study, "--tier smoke", words);
    study_judge(&study, "cifar", parts, 1, 0, "bootstrap", "a note");
    study_verdict(&study, "image", VERDICT_REPRODUCED, parts[0], "t", "another");
    cr_expect(other_images(&study.run, "cifar") && !other_images(&study.run, "order"));
    cr_expect_eq(run_close(&study.run), 0);
    cr_expect_str_eq(verdict_of("smoke-planted", "cifar"),
                     "cifar\tNOT-RUN\tnan\tnan\tnan\t0\t\tno data\t\t");
    cr_expect_str_eq(verdict_of("smoke-planted", "image"),
                     "image\tNOT-RUN\tnan\tnan\tnan\t0\t\timagenet\t\t");

    open_study(&study, "--tier desk --data cifar10", words);
    study_judge(&study, "cifar", parts, 1, 0, "bootstrap", "a note");
    cr_expect_eq(run_close(&study.run), 0);
    cr_expect_str_eq(verdict_of("desk-cifar10", "cifar"),
                     "cifar\tREPRODUCED-SCALED\t2\t1.5\t3\t100\tbootstrap\t\t\ta note");
}

Test(judgement, a_claim_on_planted_scenes_gets_no_number_of_photographs)
{
    const struct estimate parts[] = {{2, 1.5, 3, 100}};
    struct study study;
    char words[512];
    open_study(&study, "--tier desk --data cifar10", words);
    study_judge(&study, "map", parts, 1, 0, "bootstrap", "a note");
    cr_expect_eq(run_close(&study.run), 0);
    cr_expect_str_eq(verdict_of("desk-cifar10", "map"),
                     "map\tNOT-RUN\tnan\tnan\tnan\t0\t\tplanted scenes only\t\t");
}

Test(judgement, the_scale_is_said_and_all_parts_have_to_hold)
{
    const struct estimate parts[] = {{2, 1.5, 3, 100}, {.5, -1, 2, 50}};
    struct study study;
    char words[512];
    open_study(&study, "--tier desk --data cifar10", words);
    strcpy(study.scale, "model trained for 2 epochs");
    study_judge(&study, "order", parts, 2, 0, "bootstrap", "the least of %d", 2);
    study_verdict(&study, "pure", judge_exact(1), parts[1], "by hand", "%s", "");
    cr_expect_eq(run_close(&study.run), 0);
    cr_expect_str_eq(
        verdict_of("desk-cifar10", "order"),
        "order\tINCONCLUSIVE\t0.5\t-1\t2\t50\tbootstrap\t\tmodel trained for 2 "
        "epochs\tthe least of 2; the smallest difference this test could confirm is "
        "2.5");
    cr_expect(strstr(verdict_of("desk-cifar10", "pure"),
                     "\tREPRODUCED\t0.5\t-1\t2\t50\tby hand\t\t\t"));
}

// Neither a pilot nor a scale is of a claim about the images alone.
Test(judgement, what_rests_on_no_training_is_not_capped_by_one)
{
    const struct estimate parts[] = {{2, 1.5, 3, 100}};
    struct study study;
    char words[512];
    open_study(&study, "--tier desk --data cifar10 --epochs 2", words);
    strcpy(study.scale, "model trained for 2 epochs");
    run_pilot(&study.run, "pilot weights: 2 of 30 epochs");
    study_judge_untrained(&study, "cifar", parts, 1, "bootstrap", "a %s", "note");
    study_judge(&study, "order", parts, 1, 0, "bootstrap", "a note");
    cr_expect_eq(run_close(&study.run), 0);
    cr_expect_str_eq(verdict_of("desk-cifar10", "cifar"),
                     "cifar\tREPRODUCED-SCALED\t2\t1.5\t3\t100\tbootstrap\t\t\ta note");
    cr_expect_str_eq(
        verdict_of("desk-cifar10", "order"),
        "order\tTREND-ONLY\t2\t1.5\t3\t100\tbootstrap\tpilot weights: 2 of "
        "30 epochs\tmodel trained for 2 epochs\ta note");
}

// Pairs cancel what two images have in common: the gap's interval is narrower than either mean's.
Test(judgement, gaps_are_paired_over_the_images)
{
    double a[40], b[40];
    struct study study = {.run.options.seed = 1};
    for (int i = 0; i < 40; ++i) {
        b[i] = i % 7;
        a[i] = b[i] + 1 + .1 * (i % 2);
    }
    const struct estimate gap = study_gap(&study, a, b, 40),
                          mean = study_mean(&study, a, 40);
    cr_expect(fabs(gap.value - 1.05) < 1e-12 && gap.n == 40);
    cr_expect(gap.low > 1.02 && gap.high < 1.08 && gap.low < gap.high);
    cr_expect(mean.high - mean.low > 5 * (gap.high - gap.low) && mean.n == 40);
}
