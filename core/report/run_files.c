#include "core/report/run_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/run_state.h"

void run_table(const struct run *run, const char *file, const char *about,
               const struct table *table, const char *below)
{
    char path[PATH_SIZE];
    struct output output;
    run_path(path, run, file);
    output_open(&output, path);
    fprintf(output.file, "%s%s", about, *about ? "\n\n" : "");
    table_markdown(table, output.file);
    fprintf(output.file, "%s%s", *below ? "\n" : "", below);
    output_close(&output);

    printf("%s%s", about, *about ? "\n" : "");
    table_print(table, stdout);
    printf("%s%s\n", *below ? "\n" : "", below);
}

void run_tables_print(const struct run *run)
{
    const struct provenance *provenance = &run->state->provenance;
    char path[PATH_SIZE];
    for (size_t i = 0; i < provenance->count; ++i) {
        static const char file[] = "file ";
        const char *what = provenance->lines[i].what, *end = strrchr(what, '.');
        if (strncmp(what, file, strlen(file)) != 0 || !end || strcmp(end, ".md") != 0)
            continue;
        size_t size;
        path_format(path, "%s/%s", run->folder, what + strlen(file));
        char *text = file_read(&size, path, NULL);
        printf("%s\n", text);
        free(text);
    }
}

void run_array(const struct run *run, const char *name, enum npy_type type,
               int dimensions, const size_t *shape, const void *data)
{
    char file[96], path[PATH_SIZE];
    snprintf(file, sizeof file, "export/%s.npy", name);
    run_path(path, run, file);
    npy_write(path, type, dimensions, shape, data);
}

void run_classes(const struct run *run, const char *name, int dimensions,
                 const size_t *shape, const uint16_t *classes)
{
    size_t count = 1;
    for (int i = 0; i < dimensions; ++i) count *= shape[i];
    uint8_t *bytes = malloc(count ? count : 1);
    if (!bytes) die(EXIT_SYSTEM, "%s: no memory for %zu bytes", name, count);
    for (size_t i = 0; i < count; ++i) {
        require(classes[i] < 256, "%s: class %d in a byte", name, classes[i]);
        bytes[i] = (uint8_t)classes[i];
    }
    run_array(run, name, NPY_U1, dimensions, shape, bytes);
    free(bytes);
}
