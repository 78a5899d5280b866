#include "core/base/progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/base/clock.h"

enum { LINE_SIZE = 256 };

// Seconds between two drawings: smooth on a terminal, sparse in a log.
static double interval(const struct progress *progress)
{
    return progress->terminal ? .2 : 30;
}

void progress_open(struct progress *progress, const char *label, const char *unit,
                   double total, double first)
{
    double now = clock_seconds();
    *progress = (struct progress){
        .label = label,
        .unit = unit,
        .total = total,
        .done = first,
        .first = first,
        .started = now,
        .terminal = isatty(STDERR_FILENO),
    };
    // A terminal shows the line at once; a log gets its first line once there is a rate.
    progress->shown = progress->terminal ? now - interval(progress) : now;
}

// "3 h 07 min", "4 min 09 s" or "12 s".
static void format_seconds(char text[32], double seconds)
{
    if (!(seconds < 1e9)) seconds = 1e9;
    long s = (long)(seconds + .5);
    if (s >= 3600)
        snprintf(text, 32, "%ld h %02ld min", s / 3600, s / 60 % 60);
    else if (s >= 60)
        snprintf(text, 32, "%ld min %02ld s", s / 60, s % 60);
    else
        snprintf(text, 32, "%ld s", s);
}

// Units a second in this process: how long an earlier one took is unknown.
static double rate(const struct progress *progress, double now)
{
    double seconds = now - progress->started;
    return seconds > 0 ? (progress->done - progress->first) / seconds : 0;
}

static void format_line(char line[LINE_SIZE], const struct progress *progress,
                        const char *note, double now)
{
    char share[64] = "", left[64] = "", rest[32];
    double speed = rate(progress, now), todo = progress->total - progress->done;
    if (progress->total > 0)
        snprintf(share, sizeof share, " of %.0f (%.1f %%)", progress->total,
                 100 * progress->done / progress->total);
    if (progress->total > 0 && speed > 0 && todo >= 0) {
        format_seconds(rest, todo / speed);
        snprintf(left, sizeof left, ", %s left", rest);
    }
    snprintf(line, LINE_SIZE, "%s: %.0f%s %s, %.3g/s%s%s%s", progress->label,
             progress->done, share, progress->unit, speed, left, note ? ", " : "",
             note ? note : "");
}

// Cuts the line before the last column, because a wrapped line cannot be redrawn in place.
static void draw(const char *line)
{
    struct winsize window;
    int columns = 80;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1)
        columns = window.ws_col;
    fprintf(stderr, "\r%.*s\033[K", columns - 1, line);
    fflush(stderr);
}

void progress_show(struct progress *progress, double done, const char *note)
{
    double now = clock_seconds();
    progress->done = done;
    if (now - progress->shown < interval(progress)) return;
    progress->shown = now;
    char line[LINE_SIZE];
    format_line(line, progress, note, now);
    if (progress->terminal)
        draw(line);
    else
        fprintf(stderr, "%s\n", line);
}

void progress_close(struct progress *progress)
{
    double now = clock_seconds();
    char took[32];
    format_seconds(took, now - progress->started);
    if (progress->terminal)
        draw("");
    else
        fprintf(stderr, "%s: %.0f %s in %s, %.3g/s\n", progress->label,
                progress->done - progress->first, progress->unit, took,
                rate(progress, now));
}
