#include "core/base/die.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/ending.h"

static const enum exit_code codes[] = {EXIT_USAGE, EXIT_INPUT, EXIT_SYSTEM};

static void die_with(const void *code)
{
    die(*(const enum exit_code *)code, "data/a.bin: %s (run %d)", "missing", 7);
}

Test(die, says_one_line_and_ends_with_the_code)
{
    for (int i = 0; i < 3; ++i)
        expect_death(__LINE__, die_with, &codes[i], 2 + i,
                     ": data/a.bin: missing (run 7)\n");
}

static void die_of_many_lines(const void *text)
{
    die(EXIT_INPUT, "%s", (const char *)text);
}

Test(die, keeps_newlines_and_escapes_out_of_the_line)
{
    expect_death(__LINE__, die_of_many_lines, "a\nb\r\nc\033[1m\n", 3,
                 ": a b  c [1m \n");
}

Test(die, cuts_an_endless_message_and_still_says_one_line)
{
    static char text[15000];
    memset(text, 'x', sizeof text - 1);
    expect_death(__LINE__, die_of_many_lines, text, 3, ": xxxxxxxx");
}

static void die_after_output(const void *unused)
{
    (void)unused;
    printf("result without newline;");
    die(EXIT_SYSTEM, "late");
}

Test(die, flushes_stdout_before_it_speaks)
{
    static struct ending ending;
    ending_of(&ending, die_after_output, NULL);
    cr_expect_eq(ending.code, 4);
    cr_expect_eq(strncmp(ending.says, "result without newline;", 23), 0, "%s",
                 ending.says);
    cr_expect(strstr(ending.says, ": late\n"));
}

enum { THREADS = 8 };
static pthread_barrier_t start;

static void *die_in_thread(void *unused)
{
    (void)unused;
    pthread_barrier_wait(&start);
    die(EXIT_SYSTEM, "all at once");
}

static void die_in_all_threads(const void *unused)
{
    (void)unused;
    pthread_t threads[THREADS];
    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; ++i)
        pthread_create(&threads[i], NULL, die_in_thread, NULL);
    for (int i = 0; i < THREADS; ++i) pthread_join(threads[i], NULL);
}

Test(die, ends_once_when_all_threads_die_at_once)
{
    for (int repeat = 0; repeat < 20; ++repeat)
        expect_death(__LINE__, die_in_all_threads, NULL, 4, ": all at once\n");
}

static void die_again(void)
{
    die(EXIT_INPUT, "second");
}

static void die_in_a_handler(const void *unused)
{
    (void)unused;
    atexit(die_again);
    die(EXIT_SYSTEM, "first");
}

Test(die, a_death_in_an_exit_handler_does_not_hang, .timeout = 20)
{
    expect_death(__LINE__, die_in_a_handler, NULL, 4, ": first\n");
}

enum { CONTRACT_LINE = __LINE__ + 6 };

static void break_contract(const void *unused)
{
    (void)unused;
    int heads = 5;
    require(192 % heads == 0, "%d heads\ndo not divide 192", heads);
}

Test(die, a_broken_contract_names_file_line_and_condition)
{
    char says[200];
    snprintf(
        says, sizeof says,
        "tests/base/test_die.c:%d: contract broken: 192 %% heads == 0: 5 heads do not "
        "divide 192\n",
        CONTRACT_LINE);
    expect_death(__LINE__, break_contract, NULL, -SIGABRT, says);
}

Test(die, a_broken_contract_aborts, .signal = SIGABRT)
{
    break_contract(NULL);
}

Test(die, a_kept_contract_evaluates_its_condition_once)
{
    int count = 0;
    require(++count == 1, "counted %d", count);
    cr_expect_eq(count, 1);
}
