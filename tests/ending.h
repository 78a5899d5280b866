/// How a process ends and what it prints: tests run code that dies in a child process, because
/// Criterion's exit codes do not show the message.
#ifndef MASKBOOK_TESTS_ENDING_H
#define MASKBOOK_TESTS_ENDING_H

#include <criterion/criterion.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef COVERAGE
#include <gcov.h>
#include <sys/resource.h>
#endif

struct ending {
    int code;         ///< exit code, or minus the signal
    char says[20000]; ///< its stdout and stderr, in the order written
};

static int ending_in_child; // this process is the child of ending_of

// The leak check in a forked child cannot stop the threads of the parent and reports that. So a
// child ends before that check, but after every other exit handler.
static void ending_leave(int code, void *unused)
{
    (void)unused;
    if (!ending_in_child) return;
    fflush(NULL);
#ifdef COVERAGE
    // What _exit would not write, also after a test of a full disk or of too many open files.
    static const int limits[] = {RLIMIT_FSIZE, RLIMIT_NOFILE};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; ++i) {
        struct rlimit limit;
        if (getrlimit(limits[i], &limit)) continue;
        limit.rlim_cur = limit.rlim_max;
        setrlimit(limits[i], &limit);
    }
    __gcov_dump();
#endif
    _exit(code);
}

// Exit handlers run in reverse order, and this one is registered before main, so it runs last.
__attribute__((constructor)) static void ending_prepare(void)
{
    on_exit(ending_leave, NULL);
}

/// Runs act(argument) in a child, which exits with 0 when act returns. Skips the test under
/// ThreadSanitizer, which loses track of threads after a fork that other threads survive.
static inline void ending_of(struct ending *ending, void (*act)(const void *),
                             const void *argument)
{
    int ends[2], status;
    size_t used = 0;
#ifdef __SANITIZE_THREAD__
    cr_skip_test("a child has no threads under ThreadSanitizer");
#endif
    cr_assert_eq(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        ending_in_child = 1;
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        act(argument);
        fflush(NULL);
        _exit(0);
    }
    close(ends[1]);
    for (ssize_t got; (got = read(ends[0], ending->says + used,
                                  sizeof ending->says - 1 - used)) > 0;)
        used += (size_t)got;
    ending->says[used] = 0;
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0) cr_assert_eq(errno, EINTR);
    ending->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

/// Expects act(argument) to end with `code` and its output to contain `part`; `line` is the
/// caller's.
static inline void expect_ending(int line, void (*act)(const void *),
                                 const void *argument, int code, const char *part)
{
    static struct ending ending;
    ending_of(&ending, act, argument);
    cr_expect(ending.code == code && strstr(ending.says, part),
              "line %d: ended with %d, not %d, and not with '%s', saying: %s", line,
              ending.code, code, part, ending.says);
}

// Under ThreadSanitizer the test itself aborts, so that a race in its body still shows.
#ifdef __SANITIZE_THREAD__
#define BREAKS_BY(suite, name, act, condition)                                         \
    Test(suite, name, .signal = SIGABRT)                                               \
    {                                                                                  \
        act(NULL);                                                                     \
    }
#else
#define BREAKS_BY(suite, name, act, condition)                                         \
    Test(suite, name)                                                                  \
    {                                                                                  \
        expect_ending(__LINE__, act, NULL, -SIGABRT, ": contract broken: " condition); \
    }
#endif

/// A test whose body breaks a contract: it must end by the abort of the require() that has this
/// `condition`. That is a string: the condition as core writes it, from its beginning to the part
/// that the body breaks; a whole one may be followed by ": " and the reason. The body runs in a
/// child process, after the .init of its suite, and need not free what it takes.
#define BREAKS(suite, name, condition)                                                 \
    static void suite##_##name##_breaks(const void *unused);                           \
    BREAKS_BY(suite, name, suite##_##name##_breaks, condition)                         \
    static void suite##_##name##_breaks(__attribute__((unused)) const void *unused)

/// Expects act(argument) to end with `code` and to print exactly one line, which starts with the
/// program's name and contains each of `parts`, a list that ends with NULL.
static inline void expect_death_naming(int line, void (*act)(const void *),
                                       const void *argument, int code,
                                       const char *const *parts)
{
    static struct ending ending;
    ending_of(&ending, act, argument);
    cr_expect(ending.code == code, "line %d: ended with %d, not %d, saying: %s", line,
              ending.code, code, ending.says);
    for (; *parts; ++parts)
        cr_expect(strstr(ending.says, *parts), "line %d: '%s' is not in: %s", line,
                  *parts, ending.says);
    size_t length = strlen(program_invocation_short_name);
    cr_expect(!strncmp(ending.says, program_invocation_short_name, length) &&
                  !strncmp(ending.says + length, ": ", 2),
              "line %d: no program name at the start: %s", line, ending.says);
    const char *end = strchr(ending.says, '\n');
    cr_expect(end && !end[1], "line %d: not one line: %s", line, ending.says);
}

/// The same with one part.
static inline void expect_death(int line, void (*act)(const void *),
                                const void *argument, int code, const char *part)
{
    const char *const parts[] = {part, NULL};
    expect_death_naming(line, act, argument, code, parts);
}

#endif
