#include "experiments/07-spectral/graphs.h"

#include <math.h>

#include "core/base/rng.h"
#include "tests/report/world.h"

#define ROW(id)                                                                        \
    id "\tTheorem 4.3\tA\tclaim\t\tpartition\t0.05\td\tplanted\tsmoke\tfigure2\t02-"   \
       "demo\n"

static void open_rows(void)
{
    char claims[sizeof world_claims + 512];
    world_open();
    snprintf(claims, sizeof claims, "%s%s%s", world_claims, ROW("theorem4.3.graph"),
             ROW("theorem4.3.graph.cooccurrence"));
    world_claims_write("paper/claims.tsv", claims);
}

TestSuite(graphs, .init = open_rows);

enum { SCENES = 80 };

// Judges scores of 80 scenes: of tokens, of co-occurrence, of all forms of the paper's graph, and
// of the one that is defined for one scene in `every` alone.
static const char *verdicts_of(double tokens, double cooccurrence, double forms,
                               double signed_form, size_t every)
{
    static double ari[VIEWS][SCENES];
    static uint8_t defined[SCENES];
    struct graphs graphs = {.scenes = SCENES, .defined = defined};
    struct study study = {0};
    char words[512];
    for (int v = 0; v < VIEWS; ++v) {
        graphs.ari[v] = ari[v];
        for (size_t i = 0; i < SCENES; ++i) {
            const double score = v == VIEW_MAE              ? tokens
                                 : v == VIEW_COOCCURRENCE   ? cooccurrence
                                 : v == VIEW_PRODUCT_SIGNED ? signed_form
                                                            : forms;
            ari[v][i] = score + .001 * (double)(i % 5);
            // What is not defined must not count.
            defined[i] = i % every == 0;
            if (v == VIEW_PRODUCT_SIGNED && !defined[i]) ari[v][i] = 9;
        }
    }
    world_listen();
    world_run(&study.run, "--tier smoke --data planted --force 1", words);
    graphs_verdicts(&study, &graphs);
    run_close(&study.run);
    return world_text("results/smoke-planted/02-demo/verdicts.tsv");
}

Test(graphs, tokens_and_cooccurrence_that_lead_every_form_hold)
{
    const char *verdicts = verdicts_of(1, .9, .3, .3, 2);
    cr_expect(strstr(verdicts, "\ntheorem4.3.graph\tTREND-ONLY\t"), "%s", verdicts);
    cr_expect(strstr(verdicts, "\ntheorem4.3.graph.cooccurrence\tTREND-ONLY\t"));
}

// The opposite: pixels that follow the regions.
Test(graphs, one_form_that_is_as_good_turns_both_verdicts)
{
    const char *verdicts = verdicts_of(1, .9, .3, 1, 2);
    cr_expect(strstr(verdicts, "\ntheorem4.3.graph\tNOT-REPRODUCED\t"), "%s", verdicts);
    cr_expect(strstr(verdicts, "\ntheorem4.3.graph.cooccurrence\tNOT-REPRODUCED\t"));
}

Test(graphs, a_form_that_is_defined_for_few_scenes_decides_nothing)
{
    const char *verdicts = verdicts_of(1, .9, .3, .3, 4);
    cr_expect(strstr(verdicts, "\ntheorem4.3.graph\tINCONCLUSIVE\t"), "%s", verdicts);
}

// Two patches (1,0) and (-1,1), in [-1,1]: products 1, -1 / -1, 2, so the first has degree 0.
Test(graphs, a_graph_is_defined_where_every_degree_is_positive)
{
    struct arena arena;
    double matrix[4];
    const double patches[] = {1, 0, -1, 1};
    arena_open_growing(&arena, "test");
    cr_expect(!paper_graph(matrix, VIEW_PRODUCT_SIGNED, patches, 2, 2, &arena));
    // In [0,1]: (1,.5) and (0,1), products 1.25, .5 / .5, 1, degrees 1.75 and 1.5.
    cr_expect(paper_graph(matrix, VIEW_PRODUCT_UNIT, patches, 2, 2, &arena));
    cr_expect_float_eq(matrix[0], 1.25 / 1.75, 1e-15);
    cr_expect_float_eq(matrix[1], .5 / sqrt(1.75 * 1.5), 1e-15);
    cr_expect_float_eq(matrix[3], 1 / 1.5, 1e-15);
    // The kernel: sigma^2 = 3/2, weights exp(1/3), exp(-1/3), exp(2/3).
    cr_expect(paper_graph(matrix, VIEW_KERNEL_SIGNED, patches, 2, 2, &arena));
    const double first = exp(1. / 3) + exp(-1. / 3),
                 second = exp(-1. / 3) + exp(2. / 3);
    cr_expect_float_eq(matrix[1], exp(-1. / 3) / sqrt(first * second), 1e-15);
    arena_close(&arena);
}
