#include "experiments/02-rank-curves/emit.h"

#include "tests/report/world.h"

// The name of the experiment is that of the small project of core/report's tests.
TestSuite(emit, .init = world_open);

// Arms whose numbers say where they belong: arm, predictor, line and component.
static void fill(struct arm *arms)
{
    static const char *const names[ARMS] = {"m50-h3", "m60-h3", "m70-h3", "m80-h3",
                                            "m90-h3"};
    for (size_t a = 0; a < ARMS; ++a) {
        struct arm *arm = &arms[a];
        arm->name = names[a];
        arm->ratio = .5 + .1 * (double)a;
        for (int p = 0; p < PREDICTORS; ++p) {
            if (p != OTHER_SIDE)
                arm->loss[p] = (struct estimate){.5 + p, .25 + p, 1 + p, 50};
            arm->rank[1 + p] = (struct estimate){7 + p, 6 + p, 8 + p, 50};
            arm->side[p] = p == OTHER_SIDE ? 2 : 4;
            arm->curve[p].count = p == LEARNED ? 400 : 50;
            for (int g = 0; g < GROUPINGS; ++g)
                arm->curve[p].slope[g] =
                    (struct estimate){(double)a + 10 * p + 100 * g, -1, 9, 400};
            for (int line = 0; line < RANK_LINES; ++line)
                for (size_t i = 0; i < COMPONENTS; ++i) {
                    const double value = (double)(1000 * (a + 1) + 100 * (size_t)p +
                                                  10 * (size_t)line + i);
                    arm->curve[p].line[line][i] = (struct estimate){
                        value, value - 1, value + 1, arm->curve[p].count};
                }
        }
    }
}

Test(emit, every_line_of_every_arm_has_its_key_and_its_row)
{
    static struct arm arms[ARMS];
    struct run run;
    char words[512];
    fill(arms);
    world_listen();
    world_run(&run, "--tier smoke", words);
    emit_curves(&run, arms);
    run_close(&run);
    const char *results = world_text("results/smoke-planted/02-demo/result.tsv");
    cr_expect(strstr(results, "\nm50-h3.median.d1\t1000\t999\t1001\t400\t1\n"));
    cr_expect(strstr(results, "\nm80-h3.median-2x2.d5\t4064\t4063\t4065\t400\t1\n"));
    cr_expect(strstr(results, "\nm90-h3.linear-ratio.d2\t5111\t5110\t5112\t50\t1\n"));
    cr_expect(strstr(results, "\nm70-h3.linear-loss\t1.5\t"));
    cr_expect(strstr(results, "\nm60-h3.slope\t1\t-1\t9\t400\t1\n"));
    cr_expect(strstr(results, "\nm60-h3.slope-2x2\t101\t-1\t9\t"));
    cr_expect(strstr(results, "\nm60-h3.linear-slope-2x2\t111\t-1\t9\t"));
    cr_expect(strstr(results, "\nm60-h3.slope-whole\t201\t-1\t9\t"));
    cr_expect(strstr(results, "\nm60-h3.linear-slope-whole\t211\t-1\t9\t"));
    cr_expect(strstr(results, "\nm60-h3.linear-other-slope\t21\t-1\t9\t"));
    cr_expect(strstr(results, "\nm90-h3.linear-other-median.d1\t5200\t"));
    cr_expect(strstr(results, "\nm90-h3.linear-spectral.d1\t5120\t"));
    cr_expect(strstr(results, "\nm50-h3.linear-other-rank\t9\t8\t10\t50\t1\n"));
    cr_expect(!strstr(results, "linear-whole.d"), "the rival has four lines");
    cr_expect(!strstr(results, "linear-other-median-2x2"), "at side 2 they are one");
    const char *table = world_text("results/smoke-planted/02-demo/curves.md");
    cr_expect(strstr(table,
                     "| 90 % | linear, ratio of sums | 5110 | 5111 | 5112 | 5113 | "
                     "5114 |"),
              "%s", table);
}

// export/RUN.npy and RUN-linear.npy are (images,5), a row an image.
Test(emit, distances_are_exported_image_by_image)
{
    static struct arm arms[ARMS];
    static double columns[COMPONENTS][3];
    struct study study = {0};
    char words[512];
    fill(arms);
    for (size_t i = 0; i < COMPONENTS; ++i)
        for (size_t n = 0; n < 3; ++n) columns[i][n] = (double)(10 * n + i);
    for (struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (int p = 0; p < PREDICTORS; ++p) {
            arm->samples[p].count = p == LEARNED ? 3 : 2;
            for (size_t i = 0; i < COMPONENTS; ++i)
                arm->samples[p].relative[GROUPING_HIDDEN][i] = columns[i];
        }
    arena_open_growing(&study.arena, "test");
    world_run(&study.run, "--tier smoke", words);
    export_distances(&study, arms);
    world_drop(&study.run);
    arena_close(&study.arena);

    cr_expect(
        file_exists("results/smoke-planted/02-demo/export/m60-h3-linear-other.npy"));
    static const char path[] = "results/smoke-planted/02-demo/export/m60-h3-linear.npy";
    size_t size;
    char *text = file_read(&size, path, NULL);
    cr_assert(size > 10 * sizeof(double));
    double rows[2][COMPONENTS];
    memcpy(rows, text + size - sizeof rows, sizeof rows);
    for (size_t n = 0; n < 2; ++n)
        for (size_t i = 0; i < COMPONENTS; ++i)
            cr_expect_eq(rows[n][i], (double)(10 * n + i));
    free(text);
}
