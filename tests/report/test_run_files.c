#include "core/report/run_files.h"

#include "tests/report/world.h"

TestSuite(run_files, .init = world_open);

// A complete run with two tables and an array. Returns 1 if an earlier result was up to date.
static int demo(void)
{
    static const float numbers[2][3] = {{1, 2, 3}, {4, 5, 6.5F}};
    const size_t shape[] = {2, 3};
    struct run run;
    struct table table;
    char words[512];
    world_run(&run, "--tier smoke", words);
    if (run_fresh(&run)) {
        cr_expect_eq(run_print(&run), 0);
        return 1;
    }
    table_open(&table, 2, (const char *const[]){"probe", "accuracy"});
    table_row(&table, (const char *const[]){"LP", "64.4"});
    run_table(&run, "z.md", "Above it.", &table, "Below it.\n");
    run_table(&run, "a.md", "", &table, "");
    table_close(&table);
    run_array(&run, "tokens", NPY_F4, 2, shape, numbers);
    run_result(&run, "gap", 1.25, .5, 2, 100, "points");
    cr_expect_eq(run_close(&run), 0);
    return 0;
}

static const char markdown[] = "| probe | accuracy |\n| --- | ---: |\n| LP | 64.4 |\n";

Test(run_files, a_table_is_printed_between_its_texts_and_written_as_markdown)
{
    char expected[512];
    world_listen();
    cr_expect_eq(demo(), 0);
    const char *said = world_said();
    static const char beginning[] = "Above it.\n"
                                    "probe  accuracy\n"
                                    "-----  --------\n"
                                    "LP         64.4\n\n"
                                    "Below it.\n\n"
                                    "probe  accuracy\n";
    cr_expect(strncmp(said, beginning, strlen(beginning)) == 0, "%s", said);
    snprintf(expected, sizeof expected, "Above it.\n\n%s\nBelow it.\n", markdown);
    scratch_expect(__LINE__, "results/smoke-planted/02-demo/z.md", expected);
    scratch_expect(__LINE__, "results/smoke-planted/02-demo/a.md", markdown);
}

Test(run_files, a_repeat_shows_the_tables_in_the_order_in_which_they_were_made)
{
    char expected[1024];
    world_listen();
    cr_expect_eq(demo(), 0);
    world_listen();
    cr_expect_eq(demo(), 1);
    snprintf(expected, sizeof expected, "Above it.\n\n%s\nBelow it.\n\n%s\n02-demo,",
             markdown, markdown);
    const char *said = world_said();
    cr_expect(strncmp(said, expected, strlen(expected)) == 0, "%s", said);
}

Test(run_files, an_array_is_written_below_export_and_listed)
{
    struct npy npy;
    world_listen();
    demo();
    npy_read(&npy, "results/smoke-planted/02-demo/export/tokens.npy");
    cr_expect(npy.type == NPY_F4 && npy.dimensions == 2 && npy.shape[0] == 2 &&
              npy.shape[1] == 3);
    cr_expect_eq(((const float *)npy.data)[5], 6.5F);
    npy_free(&npy);
    cr_expect(strstr(world_text("results/smoke-planted/02-demo/provenance.tsv"),
                     "file export/tokens.npy\t"));
}

static void demo_again(const void *unused)
{
    (void)unused;
    demo();
}

Test(run_files, arrays_are_described_next_to_them)
{
    world_write("experiments/02-demo/arrays.tsv",
                "array\taxes\tholds\ntok*\t(n,D)\ta token each row\n");
    world_listen();
    demo();
    scratch_expect(__LINE__, "results/smoke-planted/02-demo/export/arrays.tsv",
                   "file\ttype\tshape\taxes\tholds\n"
                   "tokens.npy\tfloat32\t(2,3)\t(n,D)\ta token each row\n");
    cr_expect(strstr(world_text("results/smoke-planted/02-demo/provenance.tsv"),
                     "file export/arrays.tsv\t"));
    world_write("experiments/02-demo/arrays.tsv", "array\taxes\tholds\n");
    unlink("results/smoke-planted/02-demo/provenance.tsv");
    expect_ending(__LINE__, demo_again, NULL, 3,
                  "experiments/02-demo/arrays.tsv: has no row for the array tokens");
}
