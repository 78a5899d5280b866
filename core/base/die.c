#include "core/base/die.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/lsan_interface.h>
#endif

enum { LINE_SIZE = 8192 }; // two paths and a list of choices

static atomic_int ending;   // a thread is ending the process
static const char *program; // the name in messages; NULL: the file's

#ifdef __SANITIZE_ADDRESS__
// Called at exit: memory that die() does not free is not a leak.
int __lsan_is_turned_off(void)
{
    return atomic_load(&ending);
}
#endif

// exit() may run only once. When several threads die at the same time, the first ends the process
// while the others wait. A second death in the same thread comes from an exit handler and must not
// call exit() again.
static void claim_the_end(enum exit_code code)
{
    static _Thread_local int first;
    if (first) _exit(first);
    while (atomic_exchange(&ending, 1)) pause();
    first = code;
}

// A terminal may show a progress line: erase it, so that the message starts a line.
static void print_line(const char *line)
{
    fflush(stdout);
    const char *clear = isatty(STDERR_FILENO) ? "\r\033[K" : "";
    fprintf(stderr, "%s%s: %s\n", clear,
            program ? program : program_invocation_short_name, line);
    fflush(stderr);
}

static void format_line(char line[LINE_SIZE], const char *format, va_list arguments)
{
    vsnprintf(line, LINE_SIZE, format, arguments);
    for (char *c = line; *c; ++c)
        if ((unsigned char)*c < ' ') *c = ' ';
}

_Noreturn void die(enum exit_code code, const char *format, ...)
{
    char line[LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_line(line, format, arguments);
    va_end(arguments);

    claim_the_end(code);
    print_line(line);
    exit(code);
}

// A reader that has gone away, `head` say, has seen what it wanted.
static int reader_is_gone(void)
{
    struct pollfd end = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&end, 1, 0) > 0 && end.revents & (POLLERR | POLLHUP);
}

// Runs inside exit(), which must not be called again, so it ends with _exit.
static void stdout_check(void)
{
    if (atomic_load(&ending)) return;
    // errno of an earlier failed write is lost, unless flushing the rest fails again.
    errno = 0;
    int lost = fflush(stdout) | ferror(stdout);
    if (!lost || reader_is_gone()) return;
    char line[LINE_SIZE];
    snprintf(line, sizeof line, "standard output: %s (check where it goes)",
             errno ? strerror(errno) : "some of it was lost");
    print_line(line);
    _exit(EXIT_SYSTEM);
}

// With SIGPIPE ignored, a write to a closed pipe fails, and the program goes on.
static void stdout_check_prepare(void)
{
    signal(SIGPIPE, SIG_IGN);
    if (atexit(stdout_check)) die(EXIT_SYSTEM, "no memory for an exit handler");
}

enum exit_code unread_code(int error)
{
    return error == ENOMEM || error == EMFILE || error == ENFILE ? EXIT_SYSTEM
                                                                 : EXIT_INPUT;
}

void program_named(const char *name)
{
    program = name;
}

void stdout_check_at_exit(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, stdout_check_prepare);
}

_Noreturn void require_failed(const char *file, int line, const char *condition,
                              const char *format, ...)
{
    char reason[LINE_SIZE], text[LINE_SIZE + 512];
    va_list arguments;
    va_start(arguments, format);
    format_line(reason, format, arguments);
    va_end(arguments);

    snprintf(text, sizeof text, "%s:%d: contract broken: %s: %s", file, line, condition,
             reason);
    print_line(text);
    abort();
}
