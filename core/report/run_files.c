#include "core/report/run_files.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
