/// Processes that do the same thing at the same time.
#ifndef MASKBOOK_TESTS_AT_ONCE_H
#define MASKBOOK_TESTS_AT_ONCE_H

#include <criterion/criterion.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

/// Forks `count` processes, each of which calls program(p, context), p = 0, 1, ..., as soon as all
/// are there and exits with what that returns. A failure of the test, with `line`, when one does
/// not exit with 0.
static inline void at_once(int line, int count,
                           int (*program)(int p, const void *context),
                           const void *context)
{
    enum { MOST = 16 };
    pid_t child[MOST];
    int start[2];
    cr_assert(count <= MOST && pipe(start) == 0);
    for (int p = 0; p < count; ++p)
        if ((child[p] = fork()) == 0) {
            char byte;
            close(start[1]);
            _exit(read(start[0], &byte, 1) != 0 ? 99 : program(p, context));
        }
    close(start[0]);
    close(start[1]); // the end of the pipe is what all wait for
    for (int p = 0; p < count; ++p) {
        int status;
        cr_assert_eq(waitpid(child[p], &status, 0), child[p]);
        cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                  "line %d: program %d: status %#x", line, p, status);
    }
}

#endif
