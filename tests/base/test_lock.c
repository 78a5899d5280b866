#include "core/base/lock.h"

#include <criterion/criterion.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/die.h"
#include "tests/ending.h"
#include "tests/scratch.h"

TestSuite(lock, .init = scratch_make);

static const char *path;

// The second process waits until the first has written its letter and ends, without releasing.
Test(lock, a_second_process_waits_for_the_end_of_the_first)
{
    int letters[2], said[2];
    char first[2], line[256] = "";
    path = in_scratch("lock");
    cr_assert(pipe(letters) == 0 && pipe(said) == 0);
    const int held = lock_take(path, "results", "another run");
    const pid_t child = fork();
    if (child == 0) {
        close(held);
        dup2(said[1], STDERR_FILENO);
        lock_take(path, "results", "another run");
        _exit(write(letters[1], "b", 1) != 1);
    }
    // It has come to the lock when it has said so.
    cr_assert_gt(read(said[0], line, sizeof line - 1), 0);
    cr_expect_str_eq(line, "results: another run is running, waiting for it to end\n");
    cr_assert_eq(write(letters[1], "a", 1), 1);
    close(held);
    int status;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    cr_assert_eq(read(letters[0], first, 2), 2);
    cr_expect_arr_eq(first, "ab", 2);
    // The child's lock has ended with it.
    close(lock_take(path, "results", "another run"));
}

static void take(const void *unused)
{
    (void)unused;
    lock_take(path, "results", "another run");
}

Test(lock, a_place_where_nothing_can_be_made_is_named)
{
    path = "/nonexistent/lock";
    expect_death(__LINE__, take, NULL, EXIT_SYSTEM, "/nonexistent/lock");
}
