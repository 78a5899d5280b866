#include "core/train/agreement.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "tests/ending.h"
#include "tests/scratch.h"
#include "tests/train/thread_ranks.h"

TestSuite(agreement, .init = scratch_make);

struct words {
    int other;         // the rank that says something else
    const char *value; // this
};

static void say(const struct rank_group *ranks, void *context)
{
    const struct words *words = context;
    const struct agreement_fact facts[] = {
        {"seed", "5"},
        {"core type", ranks->rank == words->other ? words->value : "Haswell"}};
    ranks_agree(ranks, facts, 2);
}

static void say_on_three(const void *context)
{
    struct words words = *(const struct words *)context;
    thread_ranks_run(3, say, &words);
}

Test(agreement, ranks_that_are_alike_go_on)
{
    const struct words alike = {.other = 1, .value = "Haswell"};
    expect_ending(__LINE__, say_on_three, &alike, 0, "");
    struct words words = {.other = 0, .value = "SkylakeX"};
    say(&(struct rank_group){.count = 1}, &words);
}

Test(agreement, the_one_that_differs_is_named_with_what_differs)
{
    const struct words words = {.other = 2, .value = "SkylakeX"};
    expect_ending(__LINE__, say_on_three, &words, 3, "rank 2 on ");
    expect_ending(__LINE__, say_on_three, &words, 3,
                  ": its core type is SkylakeX, that of rank 0 on ");
}
