#include "core/study/headings.h"

#include <math.h>
#include <stdio.h>

#include "core/base/tsv.h"

void headings_open(struct headings *headings, const struct run *run, const char *file,
                   const char *const *names, size_t numbers)
{
    char path[PATH_SIZE];
    run_path(path, run, file);
    headings->numbers = numbers;
    output_open(&headings->output, path);
    fputs("axis\tplace\theading\tnote", headings->output.file);
    for (size_t i = 0; i < numbers; ++i)
        fprintf(headings->output.file, "\t%s", names[i]);
    fputc('\n', headings->output.file);
}

void headings_put(struct headings *headings, const char *axis, size_t place,
                  const char *heading, const char *note, const double *values)
{
    FILE *file = headings->output.file;
    const size_t numbers = headings->numbers;
    tsv_put(file, axis, '\t');
    tsv_put_number(file, (double)place, '\t');
    tsv_put(file, heading, '\t');
    tsv_put(file, note, numbers > 0 ? '\t' : '\n');
    for (size_t i = 0; i < numbers; ++i)
        tsv_put_number(file, values ? values[i] : (double)NAN,
                       i + 1 < numbers ? '\t' : '\n');
}

void headings_put_image(struct headings *headings, const struct images *images,
                        size_t row, const double *values)
{
    char name[32], digest[HASH_HEX];
    snprintf(name, sizeof name, "test %zu", row);
    images_record_digest(digest, images, row);
    digest[HEADINGS_DIGITS] = 0;
    headings_put(headings, "row", row, name, digest, values);
}

void headings_close(struct headings *headings)
{
    output_close(&headings->output);
}
