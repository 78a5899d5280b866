#include "core/report/figure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/report/memory.h"

enum { COMPLAINT_SIZE = 4096, NO_GNUPLOT = 127 };

// Appends "name = 'text'; " in gnuplot's syntax. Inside single quotes only the quote itself is
// special (it is doubled), so backquotes and backslashes stay what they are. The style breaks
// lines; a newline becomes a space.
static void put_string(FILE *file, const char *name, const char *text)
{
    fprintf(file, "%s = '", name);
    for (; *text; ++text) {
        if (*text == '\'')
            fputs("''", file);
        else
            putc(*text == '\n' ? ' ' : *text, file);
    }
    fputs("'; ", file);
}

// The assignments that precede the script. The caller frees.
static char *assignments(const char *format, const char *table, const char *output,
                         const char *caption, const char *panels)
{
    char *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) die(EXIT_SYSTEM, "gnuplot: no memory for its script");
    put_string(memory, "format", format);
    put_string(memory, "table", table);
    put_string(memory, "output", output);
    put_string(memory, "caption", caption);
    if (panels) put_string(memory, "panels", panels);
    if (fclose(memory)) die(EXIT_SYSTEM, "gnuplot: no memory for its script");
    return text;
}

// In the child: runs gnuplot without the user's settings, with decimal points, its complaints into
// the pipe.
static _Noreturn void gnuplot_execute(int complaints, char *given, char *script)
{
    char program[] = "gnuplot", defaults[] = "-d", execute[] = "-e";
    char *const arguments[] = {program, defaults, execute, given, script, NULL};
    if (dup2(complaints, STDERR_FILENO) < 0 || dup2(complaints, STDOUT_FILENO) < 0 ||
        setenv("LC_ALL", "C.UTF-8", 1) || unsetenv("GNUTERM") ||
        unsetenv("GNUPLOT_LIB"))
        _exit(NO_GNUPLOT);
    execvp(program, arguments);
    _exit(NO_GNUPLOT);
}

// complaint (COMPLAINT_SIZE) = the line that names a position ("figures/x.gp" line 2: ...), before
// which gnuplot prints the command and a caret; without such a line, the first that is not empty.
static void first_complaint(char *complaint)
{
    char *start = complaint + strspn(complaint, " \t\n"), *line = start;
    while (line && strncmp(line, "\"", 1) && strncmp(line, "line ", 5)) {
        line = strchr(line, '\n');
        if (line) line += strspn(line, " \t\n");
    }
    if (line) start = line;
    memmove(complaint, start, strlen(start) + 1);
    complaint[strcspn(complaint, "\n")] = 0;
}

// Runs gnuplot. complaint (COMPLAINT_SIZE) = its first complaint. Returns its exit status.
static int gnuplot_run(char *complaint, char *given, char *script)
{
    int ends[2], status;
    fflush(NULL);
    if (pipe(ends)) die(EXIT_SYSTEM, "gnuplot: no pipe: %s", strerror(errno));
    pid_t child = fork();
    if (child < 0) die(EXIT_SYSTEM, "gnuplot: no process: %s", strerror(errno));
    if (!child) {
        close(ends[0]);
        gnuplot_execute(ends[1], given, script);
    }
    close(ends[1]);

    // Reads to the end even if the buffer is full, so that gnuplot never waits for a reader.
    size_t used = 0;
    char rest[512];
    for (;;) {
        ssize_t got = read(ends[0], rest, sizeof rest);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) break;
        size_t kept = COMPLAINT_SIZE - 1 - used;
        if (kept > (size_t)got) kept = (size_t)got;
        memcpy(complaint + used, rest, kept);
        used += kept;
    }
    complaint[used] = 0;
    close(ends[0]);
    first_complaint(complaint);
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) die(EXIT_SYSTEM, "gnuplot: lost: %s", strerror(errno));
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

// True if gnuplot wrote something to the temporary name.
static int was_drawn(const struct output *output)
{
    return file_exists(output->temporary) && file_size(output->temporary, NULL) > 0;
}

// Draws one format: gnuplot writes the temporary file, which is then renamed.
static void draw_format(const struct run *run, char *script, const char *name,
                        const char *format, const char *table, const char *caption,
                        const char *panels)
{
    char path[PATH_SIZE], complaint[COMPLAINT_SIZE],
        *file = text_format("%s.%s", name, format);
    struct output output;
    run_path(path, run, file);
    free(file);
    output_open(&output, path);
    char *given = assignments(format, table, output.temporary, caption, panels);
    int status = gnuplot_run(complaint, given, script);
    free(given);

    if (status == NO_GNUPLOT)
        die(EXIT_SYSTEM, "gnuplot: not found (install gnuplot-nox)");
    if (status || !was_drawn(&output))
        die(EXIT_SYSTEM, "gnuplot: %s: %s", script,
            *complaint ? complaint : "drew nothing (does the script load the style?)");
    if (*complaint) fprintf(stderr, "gnuplot: %s: %s\n", script, complaint);
    output_close(&output);
}

void figure_draw(const struct run *run, const char *script, const char *name,
                 const char *caption, const char *panels)
{
    char table[PATH_SIZE];
    char *path = text_format("figures/%s.gp", script),
         *file = text_format("%s.tsv", name);
    if (!file_exists(path))
        die(EXIT_INPUT, "%s: no such script (run from the folder of the Makefile)",
            path);
    run_path(table, run, file);
    draw_format(run, path, name, "svg", table, caption, panels);
    draw_format(run, path, name, "png", table, caption, panels);
    free(path);
    free(file);
}
