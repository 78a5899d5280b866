#include "core/base/progress.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "tests/ending.h"

// So long that the milliseconds of the test do not show in a rate of three digits.
enum { LONG = 100000 };

static void report_often(const void *unused)
{
    (void)unused;
    struct progress progress;
    progress_open(&progress, "train m75-h3", "images", 1000, 0);
    for (int i = 0; i <= 1000; ++i) progress_show(&progress, i, "loss 0.5");
    progress.started -= LONG;
    progress_close(&progress);
}

static void report_late(const void *unused)
{
    (void)unused;
    struct progress progress;
    progress_open(&progress, "train", "images", 4. * LONG, LONG);
    progress.started -= LONG;
    progress.shown -= 25;
    progress_show(&progress, 2. * LONG, NULL);
    progress.shown -= 6;
    progress_show(&progress, 3. * LONG, "loss 0.5");
    progress_show(&progress, 3. * LONG + 1, NULL);
    progress.shown -= 31;
    progress_show(&progress, 4. * LONG, NULL);
}

static void report_without_total(const void *unused)
{
    (void)unused;
    struct progress progress;
    progress_open(&progress, "scan", "files", 0, 0);
    progress.started -= LONG;
    progress.shown -= 31;
    progress_show(&progress, 5. * LONG, NULL);
}

static const struct {
    void (*act)(const void *);
    const char *says;
} logs[] = {
    {report_often, "train m75-h3: 1000 images in 27 h 46 min, 0.01/s\n"},
    {report_late,
     "train: 300000 of 400000 (75.0 %) images, 2/s, 13 h 53 min left, loss 0.5\n"
     "train: 400000 of 400000 (100.0 %) images, 3/s, 0 s left\n"},
    {report_without_total, "scan: 500000 files, 5/s\n"},
};

Test(progress, a_log_gets_a_line_when_30_seconds_have_passed_and_the_final_state)
{
    static struct ending ending;
    for (size_t i = 0; i < sizeof logs / sizeof *logs; ++i) {
        ending_of(&ending, logs[i].act, NULL);
        cr_expect_eq(ending.code, 0);
        cr_expect_str_eq(ending.says, logs[i].says);
    }
}

// got (size) = what act writes to stderr when that is a terminal of `columns` columns.
static void on_terminal(char *got, size_t size, int columns, void (*act)(void))
{
    int ours = posix_openpt(O_RDWR | O_NOCTTY), kept = dup(STDERR_FILENO);
    cr_assert(ours >= 0 && grantpt(ours) == 0 && unlockpt(ours) == 0);
    int theirs = open(ptsname(ours), O_RDWR | O_NOCTTY);
    cr_assert_geq(theirs, 0);
    struct winsize window = {.ws_col = (unsigned short)columns, .ws_row = 24};
    cr_assert_eq(ioctl(theirs, TIOCSWINSZ, &window), 0);
    dup2(theirs, STDERR_FILENO);
    act();
    fflush(stderr);
    dup2(kept, STDERR_FILENO);
    // When the other end is closed, reading ends with an error after the last byte.
    close(theirs);
    size_t used = 0;
    for (ssize_t n; (n = read(ours, got + used, size - 1 - used)) > 0;)
        used += (size_t)n;
    got[used] = 0;
    close(ours);
    close(kept);
}

static void draw_and_erase(void)
{
    struct progress progress;
    progress_open(&progress, "train", "images", 4. * LONG, 0);
    progress.started -= LONG;
    progress_show(&progress, LONG, "a note that is longer than the terminal is wide");
    for (int i = 0; i < 100; ++i) progress_show(&progress, LONG + i, NULL);
    progress_close(&progress);
}

Test(progress, a_terminal_gets_one_line_cut_to_its_width_and_then_erased)
{
    char got[4096];
    on_terminal(got, sizeof got, 30, draw_and_erase);
    const char *want = "\rtrain: 100000 of 400000 (25.0\033[K";
    cr_expect_eq(strncmp(got, want, strlen(want)), 0, "%s", got);
    cr_expect_null(strchr(got, '\n'));
    size_t length = strlen(got);
    cr_expect(length > 4 && !strcmp(got + length - 4, "\r\033[K"));
    // 100 reports within a fifth of a second draw once, or twice on a slow machine.
    int drawings = 0;
    for (const char *c = got; *c; ++c) drawings += *c == '\r';
    cr_expect_leq(drawings, 3, "%d", drawings);
}
