// replay of one reader: `NAME CORPUS` executes the seeds, which must be accepted, and every file of
// the folder, and prints TAP; `NAME --seeds FOLDER` writes the seeds for libFuzzer to begin with.
#include "tests/fuzz/reader.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/files.h"

static FILE *tap; // readers may print: their stdout goes to /dev/null
static char *seed_folder;
static int tests, failures;

static void report(const char *kind, const char *name, int good)
{
    fprintf(tap, "%sok %d - %s %s %s\n", good ? "" : "not ", ++tests,
            program_invocation_short_name, kind, name);
    fflush(tap);
    failures += !good;
}

static void seed_try(const char *name, const void *bytes, size_t size)
{
    report("accepts", name, trial(bytes, size));
}

static void seed_write(const char *name, const void *bytes, size_t size)
{
    struct output output;
    char path[PATH_SIZE];
    path_format(path, "%s/%s", seed_folder, name);
    output_open(&output, path);
    fwrite(bytes, 1, size, output.file);
    output_close(&output);
}

static int is_input(const struct dirent *entry)
{
    return *entry->d_name != '.';
}

static void replay(const char *corpus)
{
    struct dirent **entries;
    int count = scandir(corpus, &entries, is_input, alphasort);
    for (int i = 0; i < count; ++i) {
        char path[PATH_SIZE];
        size_t size;
        path_format(path, "%s/%s", corpus, entries[i]->d_name);
        uint8_t *bytes = (uint8_t *)file_read(&size, path, NULL);
        // In a block of its own size, so that a sanitizer sees the first byte past its end.
        uint8_t *exact = malloc(size + !size);
        require(exact, "no memory");
        memcpy(exact, bytes, size);
        fprintf(tap, "# %s\n", path);
        fflush(tap);
        trial(exact, size);
        free(exact);
        free(bytes);
        free(entries[i]);
    }
    char inputs[40];
    snprintf(inputs, sizeof inputs, "%d inputs", count);
    report("survives", inputs, count >= 0);
    if (count >= 0) free(entries);
}

int main(int argc, char **argv)
{
    const int seeds = argc == 3 && strcmp(argv[1], "--seeds") == 0;
    if (argc != 2 && !seeds) {
        fprintf(stderr, "usage: %s CORPUS | --seeds FOLDER\n", argv[0]);
        return EXIT_USAGE;
    }
    tap = fdopen(dup(STDOUT_FILENO), "w");
    require(tap && freopen("/dev/null", "w", stdout), "no output");
    // A reader may change the working folder.
    seed_folder = realpath(argv[argc - 1], NULL);
    trials_open();
    reader_seeds(seeds ? seed_write : seed_try);
    if (!seeds && seed_folder) replay(seed_folder);
    free(seed_folder);
    fclose(tap);
    return failures > 0;
}
