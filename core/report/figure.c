#include "core/report/figure.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/report/memory.h"
#include "core/report/run_state.h"

enum { COMPLAINT_SIZE = 4096, NO_GNUPLOT = 127 };

// What the provenance says of a figure, as "figure NAME FACT".
enum { FACT_SCRIPT, FACT_DIGEST, FACT_PANELS, FACT_CAPTION, FACTS };
static const char *const fact_names[FACTS] = {"script", "script digest", "panels",
                                              "caption"};

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

// Runs gnuplot on the commands `given` and then the script, or NULL. complaint (COMPLAINT_SIZE) =
// its first complaint. Returns its exit status.
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

// ====== Before anything is computed ======

void figure_ready(void)
{
    // In memory: whatever ends the program meanwhile, no file is left.
    int pictures[2];
    char paths[2][64], commands[1024], complaint[COMPLAINT_SIZE], hex[2][HASH_HEX];
    for (int i = 0; i < 2; ++i) {
        pictures[i] = memfd_create("maskbook", 0);
        if (pictures[i] < 0)
            die(EXIT_SYSTEM, "gnuplot: no memory to draw in: %s", strerror(errno));
        snprintf(paths[i], sizeof paths[i], "/proc/self/fd/%d", pictures[i]);
    }
    // Without a font pango draws nothing, without a word.
    snprintf(commands, sizeof commands,
             "set terminal pngcairo size 64,64 font 'DejaVu Sans,10'; unset border; "
             "unset tics; unset key; set output '%s'; set label 1 'M' at screen .5,.5; "
             "plot [0:1][0:1] -1; set output '%s'; set label 1 'i'; replot; "
             "unset output",
             paths[0], paths[1]);
    const int status = gnuplot_run(complaint, commands, NULL);
    int drawn = status == 0;
    for (int i = 0; i < 2; ++i) {
        drawn = drawn && file_size(paths[i], NULL) > 0;
        hash_file(hex[i], paths[i]);
        close(pictures[i]);
    }
    if (status == NO_GNUPLOT)
        die(EXIT_SYSTEM, "gnuplot: not found (install gnuplot-nox)");
    if (!drawn)
        die(EXIT_SYSTEM,
            "gnuplot: cannot draw PNG with cairo: %s (install gnuplot-nox)",
            *complaint ? complaint : "it wrote nothing");
    if (strcmp(hex[0], hex[1]) == 0)
        die(EXIT_SYSTEM, "gnuplot: draws no letters, as no font is found (install "
                         "fonts-dejavu-core)");
}

// ====== Drawing ======

// What a figure is drawn from, besides its table.
struct drawing {
    const char *name;             // "figure1": of table and pictures
    const char *script;           // "figure1": of figures/figure1.gp
    const char *caption, *panels; // panels: a path, or NULL
};

// Draws one format into a temporary file.
static void draw_format(struct output *output, const struct run *run,
                        const struct drawing *drawing, const char *format)
{
    char table[PATH_SIZE], path[PATH_SIZE], script[PATH_SIZE],
        complaint[COMPLAINT_SIZE], *file = text_format("%s.tsv", drawing->name);
    run_path(table, run, file);
    free(file);
    file = text_format("%s.%s", drawing->name, format);
    run_path(path, run, file);
    free(file);
    path_format(script, "figures/%s.gp", drawing->script);
    output_open(output, path);
    char *given = assignments(format, table, output->temporary, drawing->caption,
                              drawing->panels);
    int status = gnuplot_run(complaint, given, script);
    free(given);

    if (status == NO_GNUPLOT)
        die(EXIT_SYSTEM, "gnuplot: not found (install gnuplot-nox)");
    if (status || !was_drawn(output))
        die(EXIT_SYSTEM, "gnuplot: %s: %s", script,
            *complaint ? complaint : "drew nothing (does the script load the style?)");
    if (*complaint) fprintf(stderr, "gnuplot: %s: %s\n", script, complaint);
}

// Both formats are drawn before either file is replaced.
static void draw(const struct run *run, const struct drawing *drawing)
{
    struct output svg, png;
    draw_format(&svg, run, drawing, "svg");
    draw_format(&png, run, drawing, "png");
    output_close(&svg);
    output_close(&png);
}

// Adds a script and those that it loads, of which none loads it. One that is not there is
// gnuplot's to complain of.
static void hash_script(struct hash *hash, const char *path)
{
    size_t size = 0;
    if (!file_exists(path)) return;
    char *text = file_read(&size, path, NULL), *rest = text, *line;
    hash_add(hash, text, size);
    while ((line = strsep(&rest, "\n"))) {
        char loaded[256];
        if (sscanf(line, "load %*1['\"]%255[^'\"]", loaded) == 1)
            hash_script(hash, loaded);
    }
    free(text);
}

// hex = the digest of all that a script draws by.
static void script_digest(char hex[HASH_HEX], const char *script)
{
    char path[PATH_SIZE];
    struct hash hash;
    hash_open(&hash);
    path_format(path, "figures/%s.gp", script);
    hash_script(&hash, path);
    hash_close(hex, &hash);
}

// Keeps the caption as text: a document that has its own draws the picture again without it.
static void caption_write(const struct run *run, const char *name, const char *caption)
{
    struct output output;
    char path[PATH_SIZE], *file = text_format("%s.txt", name);
    run_path(path, run, file);
    free(file);
    output_open(&output, path);
    fprintf(output.file, "%s\n", caption);
    output_close(&output);
}

void figure_draw(const struct run *run, const char *script, const char *name,
                 const char *caption, const char *panels)
{
    char path[PATH_SIZE], digest[HASH_HEX];
    path_format(path, "figures/%s.gp", script);
    if (!file_exists(path))
        die(EXIT_INPUT, "%s: no such script (run from the folder of the Makefile)",
            path);
    const struct drawing drawing = {name, script, caption, panels};
    draw(run, &drawing);
    caption_write(run, name, caption);
    script_digest(digest, script);
    struct provenance *provenance = &run->state->provenance;
    const char *file = panels ? strrchr(panels, '/') : NULL;
    const char *const facts[] = {script, digest, file ? file + 1 : "", caption};
    for (int f = 0; f < FACTS; ++f) {
        char *what = text_format("figure %s %s", name, fact_names[f]);
        char *value = text_copy(facts[f]);
        for (char *c = value; *c; ++c)
            if (strchr("\t\r\n", *c)) *c = ' ';
        provenance_set(provenance, what, value);
        free(what);
        free(value);
    }
}

// ====== A script that has changed since ======

// The fact of the figure `name` that an earlier run noted; "" when there is none.
static const char *fact(const struct provenance *provenance, const char *name,
                        int which)
{
    char *what = text_format("figure %s %s", name, fact_names[which]);
    const char *value = provenance_find(provenance, what);
    free(what);
    return value ? value : "";
}

// Draws the figure again if its script is another. Returns whether it did.
static int refresh(const struct run *run, struct provenance *provenance,
                   const char *name)
{
    char digest[HASH_HEX], script[PATH_SIZE], panels[PATH_SIZE], path[PATH_SIZE];
    static const char *const formats[] = {"svg", "png"};
    path_format(script, "figures/%s.gp", fact(provenance, name, FACT_SCRIPT));
    if (!file_exists(script)) return 0;
    script_digest(digest, fact(provenance, name, FACT_SCRIPT));
    if (strcmp(digest, fact(provenance, name, FACT_DIGEST)) == 0) return 0;
    const char *file = fact(provenance, name, FACT_PANELS);
    path_format(panels, "%s/%s", run->folder, file);
    const struct drawing drawing = {name, fact(provenance, name, FACT_SCRIPT),
                                    fact(provenance, name, FACT_CAPTION),
                                    *file ? panels : NULL};
    draw(run, &drawing);
    for (int f = 0; f < 2; ++f) {
        char *what = text_format("file %s.%s", name, formats[f]), hex[HASH_HEX];
        path_format(path, "%s/%s.%s", run->folder, name, formats[f]);
        hash_file(hex, path);
        provenance_set(provenance, what, hex);
        free(what);
    }
    char *what = text_format("figure %s %s", name, fact_names[FACT_DIGEST]);
    provenance_set(provenance, what, digest);
    free(what);
    printf("%s: drawn again, its script has changed\n", name);
    return 1;
}

void figures_refresh(const struct run *run)
{
    struct provenance provenance;
    char path[PATH_SIZE];
    path_format(path, "%s/provenance.tsv", run->folder);
    if (!provenance_read(&provenance, path)) return;
    for (size_t i = 0; i < provenance.count; ++i) {
        char name[96];
        int end = 0;
        // After each, so that a script that fails does not make the result of those before stale.
        if (sscanf(provenance.lines[i].what, "figure %95s script%n", name, &end) == 1 &&
            end > 0 && refresh(run, &provenance, name))
            provenance_write(&provenance, path);
    }
    provenance_free(&provenance);
}
