/// How a call ends when it is made in a process of its own: for tests that must see the exit code
/// and the message together, or many endings in one test.
#ifndef MASKBOOK_TESTS_MODEL_ENDING_H
#define MASKBOOK_TESTS_MODEL_ENDING_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct ending {
    int code;          ///< exit code, or 128 + signal
    char message[800]; ///< what it wrote to stderr, cut
};

/// Calls call(context) in a forked child, which ends with 0 when the call returns.
static inline struct ending ending_of(void (*call)(const void *), const void *context)
{
    struct ending ending = {0};
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    cr_assert_neq(child, -1);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        call(context);
        _exit(0);
    }
    close(ends[1]);
    size_t filled = 0;
    for (ssize_t got; (got = read(ends[0], ending.message + filled,
                                  sizeof ending.message - 1 - filled)) > 0;)
        filled += (size_t)got;
    close(ends[0]);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    ending.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ending;
}

/// Expects that call(context) ends with `code` and says `says` on stderr.
static inline void expect_ending(void (*call)(const void *), const void *context,
                                 int code, const char *says)
{
    struct ending ending = ending_of(call, context);
    cr_expect(ending.code == code && strstr(ending.message, says),
              "ended %d saying '%s', not %d saying '%s'", ending.code, ending.message,
              code, says);
}

#endif
