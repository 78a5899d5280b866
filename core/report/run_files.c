#include "core/report/run_files.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/text.h"
#include "core/base/tsv.h"
#include "core/report/memory.h"
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
        if (!text_begins(what, file) || !end || strcmp(end, ".md") != 0) continue;
        size_t size;
        path_format(path, "%s/%s", run->folder, what + strlen(file));
        char *text = file_read(&size, path, NULL);
        printf("%s\n", text);
        free(text);
    }
}

// What the experiment's arrays.tsv says of an array, "" when there is no such table; the caller
// frees.
static char *array_about(const struct run *run, const char *name)
{
    char path[PATH_SIZE];
    struct tsv table;
    path_format(path, "experiments/%s/arrays.tsv", run->name);
    if (!file_exists(path)) return text_copy("\t");
    tsv_read(&table, path);
    for (size_t row = 0; row < table.rows; ++row)
        if (fnmatch(tsv_cell(&table, row, "array"), name, 0) == 0) {
            char *about = text_format("%s\t%s", tsv_cell(&table, row, "axes"),
                                      tsv_cell(&table, row, "holds"));
            tsv_free(&table);
            return about;
        }
    die(EXIT_INPUT, "%s: has no row for the array %s (describe it there)", path, name);
}

void run_array(const struct run *run, const char *name, enum npy_type type,
               int dimensions, const size_t *shape, const void *data)
{
    static const char *const types[] = {[NPY_F4] = "float32",
                                        [NPY_F8] = "float64",
                                        [NPY_I4] = "int32",
                                        [NPY_I8] = "int64",
                                        [NPY_U1] = "uint8"};
    char file[96], path[PATH_SIZE], extents[24 * (NPY_DIMENSIONS + 1)];
    snprintf(file, sizeof file, "export/%s.npy", name);
    run_path(path, run, file);
    npy_write(path, type, dimensions, shape, data);

    size_t used = (size_t)snprintf(extents, sizeof extents, "(");
    for (int i = 0; i < dimensions; ++i)
        used += (size_t)snprintf(extents + used, sizeof extents - used, "%s%zu",
                                 i ? "," : "", shape[i]);
    char *about = array_about(run, name), *before = run->state->arrays;
    run->state->arrays = text_format("%s%s.npy\t%s\t%s)\t%s\n", before ? before : "",
                                     name, types[type], extents, about);
    free(before);
    free(about);
}

void run_arrays_write(const struct run *run)
{
    char path[PATH_SIZE];
    struct output output;
    if (!run->state->arrays) return;
    run_path(path, run, "export/arrays.tsv");
    output_open(&output, path);
    fprintf(output.file, "file\ttype\tshape\taxes\tholds\n%s", run->state->arrays);
    output_close(&output);
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
