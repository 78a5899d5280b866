#include "core/study/rounding.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/files.h"
#include "tests/scratch.h"

TestSuite(rounding, .init = scratch_make);

// Means 2 and 2.5; the gaps are .5, .5, .5, so their interval is a point.
static const double trained[] = {1, 2, 3}, rounded[] = {1.5, 2.5, 3.5};

Test(rounding, a_row_takes_the_place_of_the_one_of_its_name)
{
    char path[PATH_SIZE];
    size_t size;
    struct table table;
    rounding_open(&table);
    rounding_put(&table, scratch_folder, "m75-h3", "loss", rounded, rounded, 3);
    rounding_put(&table, scratch_folder, "m75-h6", "loss", trained, trained, 3);
    rounding_put(&table, scratch_folder, "m75-h3", "loss", trained, rounded, 3);
    cr_expect_eq(table.rows, 3);
    table_close(&table);
    scratch_path(path, "rounding.tsv");
    char *text = file_read(&size, path, NULL);
    cr_expect(strstr(text, "weights\tmeasure\ttrained\tlow\thigh\trounded\t") == text,
              "%s", text);
    cr_expect(strstr(text, "\nm75-h3\tloss\t2\t"), "%s", text);
    cr_expect(strstr(text, "\t2.5\t0.5\t0.5\t0.5\t3\n"), "%s", text);
    cr_expect_eq(strstr(strstr(text, "\nm75-h3\t") + 1, "\nm75-h3\t"), NULL, "%s",
                 text);
    cr_expect(strstr(text, "\nm75-h6\tloss\t2\t"), "%s", text);
    free(text);
}
