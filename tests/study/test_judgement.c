#include "core/study/judgement.h"

#include <math.h>

#include "core/base/die.h"
#include "tests/report/world.h"

/// The small project of core/report's tests, with the printed numbers of a table.
static void open_table(void)
{
    char claims[sizeof world_claims + 512];
    world_open();
    snprintf(
        claims, sizeof claims,
        "%s"
        "a\tTable 1\tA\t64.4\t\tnumeric\t3\tspread\tcifar10\tpaper\ttable1\t02-demo\n"
        "b\tTable 1\tB\t76.6\t\tnumeric\t3\tspread\tcifar10\tpaper\ttable1\t02-demo\n"
        "c\tTable 1\tB-A\t12.2\t\tarithmetic\t\t\tnone\tsmoke\ttable1\t02-demo\n"
        "d\tTable 1\tB-A\t12.3\t\tarithmetic\t\t\tnone\tsmoke\ttable1\t02-demo\n"
        "word\tTable 1\tB-A\tsome\t\texact\t\t\tnone\tsmoke\ttable1\t02-demo\n",
        world_claims);
    world_write("paper/claims.tsv", claims);
}

TestSuite(judgement, .init = open_table);

/// The line of `id` in the verdicts of a run that has ended; static storage.
static const char *verdict_of(const char *path, const char *id)
{
    static char line[512];
    const char *text = world_text(path);
    char start[64];
    snprintf(start, sizeof start, "\n%s\t", id);
    const char *at = strstr(text, start);
    cr_assert(at, "no %s in %s", id, text);
    snprintf(line, sizeof line, "%.*s", (int)strcspn(at + 1, "\n"), at + 1);
    return line;
}

Test(judgement, printed_differences_are_checked_to_the_last_digit_whatever_the_tier)
{
    static const char path[] = "results/smoke-planted/02-demo/verdicts.tsv";
    struct run run;
    char words[512];
    world_listen();
    world_run(&run, "--tier smoke", words);
    judge_printed_difference(&run, "c", "b", "a");
    judge_printed_difference(&run, "d", "b", "a");
    cr_expect_eq(printed_thousandths(&run, "b"), 76600);
    cr_expect_eq(run_close(&run), 0);
    cr_expect_str_eq(verdict_of(path, "c"), "c\tREPRODUCED\t12.2\tnan\tnan\t0\tprinted "
                                            "accuracies subtracted\t");
    cr_expect(strstr(verdict_of(path, "d"), "\tNOT-REPRODUCED\t"));
}

static void read_word(const void *run)
{
    printed_thousandths(run, "word");
}

Test(judgement, a_difference_of_what_is_no_number_is_bad_input)
{
    struct run run;
    char words[512];
    world_run(&run, "--tier smoke", words);
    expect_ending(__LINE__, read_word, &run, EXIT_INPUT, "word: 'some' is no number");
    world_drop(&run);
}

Test(judgement, a_claim_on_photographs_gets_no_number_of_other_images)
{
    const struct estimate part = {2, 1.5, 3, 100};
    struct run run;
    char words[512];
    world_listen();
    world_run(&run, "--tier smoke", words);
    judge_cifar10(&run, "cifar", &part, 0, "bootstrap", "a note");
    cr_expect_eq(run_close(&run), 0);
    cr_expect_str_eq(verdict_of("results/smoke-planted/02-demo/verdicts.tsv", "cifar"),
                     "cifar\tNOT-RUN\tnan\tnan\tnan\t0\t\tno data; a note");

    world_run(&run, "--tier desk --data cifar10", words);
    judge_cifar10(&run, "cifar", &part, 0, "bootstrap", "a note");
    cr_expect_eq(run_close(&run), 0);
    cr_expect_str_eq(verdict_of("results/desk-cifar10/02-demo/verdicts.tsv", "cifar"),
                     "cifar\tREPRODUCED-SCALED\t2\t1.5\t3\t100\tbootstrap\ta note");
}
