#include "core/base/die.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

// Where output goes, how much is printed, and whether the process dies afterwards.
struct printing {
    const char *path;
    int lines, dies, closes;
};

static void print_and_exit(const void *argument)
{
    const struct printing *printing = argument;
    stdout_check_at_exit();
    stdout_check_at_exit();
    if (!freopen(printing->path, "w", stdout)) _exit(99);
    for (int i = 0; i < printing->lines; ++i) printf("line %d\n", i);
    if (printing->closes) close(STDOUT_FILENO);
    if (printing->dies) die(EXIT_INPUT, "its own reason");
    exit(0);
}

Test(die, lost_output_is_noticed_at_exit)
{
    const struct printing some = {"/dev/full", 1, 0, 0},
                          much = {"/dev/full", 5000, 0, 0},
                          closed = {"/dev/null", 1, 0, 1};
    expect_death(__LINE__, print_and_exit, &some, 4,
                 ": standard output: No space left on device (");
    expect_death(__LINE__, print_and_exit, &much, 4,
                 ": standard output: No space left on device (");
    expect_death(__LINE__, print_and_exit, &closed, 4,
                 ": standard output: Bad file descriptor (");
}

static void lose_and_recover(const void *unused)
{
    (void)unused;
    stdout_check_at_exit();
    int kept = dup(STDOUT_FILENO), full = open("/dev/full", O_WRONLY);
    setvbuf(stdout, NULL, _IONBF, 0);
    dup2(full, STDOUT_FILENO);
    printf("lost");
    dup2(kept, STDOUT_FILENO);
    exit(0);
}

Test(die, output_lost_earlier_is_noticed_at_exit_too)
{
    expect_death(__LINE__, lose_and_recover, NULL, 4,
                 ": standard output: some of it was lost (");
}

Test(die, a_death_keeps_its_code_and_line_when_output_is_lost)
{
    const struct printing dying = {"/dev/full", 1, 1, 0};
    expect_death(__LINE__, print_and_exit, &dying, 3, ": its own reason\n");
}

Test(die, output_that_arrives_or_is_not_there_ends_well)
{
    const struct printing fine = {"/dev/null", 5000, 0, 0},
                          none = {"/dev/full", 0, 0, 0},
                          closed = {"/dev/null", 0, 0, 1};
    const struct printing *const all[] = {&fine, &none, &closed};
    static struct ending ending;
    for (int i = 0; i < 3; ++i) {
        ending_of(&ending, print_and_exit, all[i]);
        cr_expect(ending.code == 0 && !*ending.says, "case %d: %d, saying %s", i,
                  ending.code, ending.says);
    }
}

enum { THREADS = 8 };
static pthread_barrier_t start;

static void print_to_a_closed_pipe(const void *unused)
{
    (void)unused;
    int ends[2];
    stdout_check_at_exit();
    if (pipe(ends) || dup2(ends[1], STDOUT_FILENO) < 0) abort();
    close(ends[0]);
    close(ends[1]);
    for (int i = 0; i < 100000; ++i) printf("a line that nobody reads\n");
    fprintf(stderr, "it went on");
    exit(0);
}

Test(die, a_reader_that_goes_away_is_no_failure)
{
    static struct ending ending;
    ending_of(&ending, print_to_a_closed_pipe, NULL);
    cr_expect_eq(ending.code, 0);
    cr_expect_str_eq(ending.says, "it went on");
}

static void die_by_another_name(const void *unused)
{
    (void)unused;
    program_named("02-rank-curves");
    die(EXIT_INPUT, "no weights");
}

Test(die, a_program_may_have_another_name_than_its_file)
{
    static struct ending ending;
    ending_of(&ending, die_by_another_name, NULL);
    cr_expect_eq(ending.code, 3);
    cr_expect_str_eq(ending.says, "02-rank-curves: no weights\n");
}

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

Test(die, a_kept_contract_evaluates_its_condition_once)
{
    int count = 0;
    require(++count == 1, "counted %d", count);
    cr_expect_eq(count, 1);
}
