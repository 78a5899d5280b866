#include "core/study/rounding.h"

#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/files.h"
#include "core/base/tsv.h"
#include "core/stats/summary.h"

static const char header[] =
    "weights\tmeasure\ttrained\tlow\thigh\trounded\tdifference\tdifference_low\t"
    "difference_high\timages\n";

void rounding_open(struct table *table)
{
    table_open(table, 5,
               (const char *const[]){"weights", "measure", "trained", "rounded",
                                     "rounded minus trained"});
}

void rounding_put(struct table *table, const char *folder, const char *name,
                  const char *measure, const double *trained, const double *rounded,
                  size_t n)
{
    double error;
    struct arena arena;
    arena_open_growing(&arena, "rounding");
    double *gaps = arena_doubles(&arena, n);
    for (size_t i = 0; i < n; ++i) gaps[i] = rounded[i] - trained[i];
    const struct estimate before = mean_normal(&error, trained, n),
                          after = mean_normal(&error, rounded, n),
                          gap = mean_normal(&error, gaps, n);
    arena_close(&arena);

    char path[PATH_SIZE], cells[3][NUMBER_TEXT];
    struct output output;
    struct tsv old = {0};
    path_format(path, "%s/rounding.tsv", folder);
    if (file_exists(path)) tsv_read(&old, path);
    output_open(&output, path);
    fputs(header, output.file);
    for (size_t r = 0; r < old.rows; ++r)
        if (strcmp(old.cells[r * old.columns], name) != 0)
            for (size_t c = 0; c < old.columns; ++c)
                tsv_put(output.file, old.cells[r * old.columns + c],
                        c + 1 < old.columns ? '\t' : '\n');
    tsv_put(output.file, name, '\t');
    tsv_put(output.file, measure, '\t');
    const double numbers[] = {before.value, before.low, before.high, after.value,
                              gap.value,    gap.low,    gap.high};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i)
        tsv_put_number(output.file, numbers[i], '\t');
    fprintf(output.file, "%zu\n", n);
    output_close(&output);
    tsv_free(&old);

    interval_text(cells[0], before.value, before.low, before.high);
    number_text(cells[1], after.value);
    interval_text(cells[2], gap.value, gap.low, gap.high);
    table_row(table,
              (const char *const[]){name, measure, cells[0], cells[1], cells[2]});
}
