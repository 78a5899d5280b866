/// How a call ends that should end the process: exit code and words on stderr, seen together.
#ifndef MASKBOOK_TESTS_DATA_DYING_H
#define MASKBOOK_TESTS_DATA_DYING_H

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct death {
    int code;        ///< exit code, or minus the signal
    char said[4096]; ///< all of stderr
};

static inline void leave(int code, void *ignored)
{
    (void)ignored;
    _exit(code);
}

/// Runs `call(argument)` in a child of its own. The child's exit() ends before the leak check: a
/// process that dies for good reason need not free, and its parent's threads confuse the check.
static inline struct death death_of(void (*call)(void *), void *argument)
{
    struct death death = {0};
    int ends[2], status;
    cr_assert(pipe(ends) == 0);
    fflush(NULL);
    pid_t child = fork();
    cr_assert(child >= 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        on_exit(leave, NULL);
        call(argument);
        _exit(0);
    }
    close(ends[1]);
    size_t used = 0;
    for (ssize_t got;
         (got = read(ends[0], death.said + used, sizeof death.said - 1 - used)) > 0;)
        used += (size_t)got;
    close(ends[0]);
    cr_assert(waitpid(child, &status, 0) == child);
    death.code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return death;
}

/// The call ended with `code` and one line on stderr that holds each of the words (the last NULL).
static inline void expect_death(const struct death *death, int code,
                                const char *const *words)
{
    const char *end = strchr(death->said, '\n');
    cr_expect(death->code == code, "ended with %d, not %d: %s", death->code, code,
              death->said);
    cr_expect(end && end[1] == 0, "not one line: '%s'", death->said);
    for (; *words; ++words)
        cr_expect(strstr(death->said, *words), "'%s' is not in: %s", *words,
                  death->said);
}

#endif
