#include "experiments/06-low-rank/measure.h"

#include <math.h>

#include "core/base/rng.h"
#include "core/stats/summary.h"
#include "core/study/experiment.h"
#include "tests/expect_close.h"
#include "tests/report/world.h"

#define ROW(id, kind, effect)                                                          \
    id "\tSec. 4.1\tA\tassumption\t" effect "\t" kind                                  \
       "\t\td\tplanted\tsmoke\tfigure2\t02-demo\n"

#define SIMILAR                                                                        \
    "section4.2.similar\tSec. 4.2\tA\tspan\t\tpartition\t0.9\td\tplanted\tsmoke\t"     \
    "figure2\t02-demo\n"

// The small project of core/report's tests, with the rows that are judged here.
static void open_rows(void)
{
    char claims[sizeof world_claims + 1024];
    world_open();
    snprintf(claims, sizeof claims, "%s%s%s%s%s%s", world_claims, SIMILAR,
             ROW("assumption4.1", "ordering", ""),
             ROW("assumption4.1.corrected", "ordering", "0.1"),
             ROW("remark4.2.rank", "ordering", "1"),
             ROW("remark4.2.reason", "trend", ""));
    world_claims_write("paper/claims.tsv", claims);
}

TestSuite(measure, .init = open_rows);

enum { IMAGES = 30, M = 8, F = 9 };

// A matrix with singular values 3^-i (i < rank), turned a little from image to image by `turn`
// in the planes of neighbouring components.
static void matrix(double *x, size_t rank, double turn)
{
    for (size_t i = 0; i < M * F; ++i) x[i] = 0;
    for (size_t i = 0; i < rank; ++i) {
        const double angle = turn * (double)i, s = pow(3, -(double)i);
        x[i * F + i] = s * cos(angle);
        x[i * F + (i + 1) % F] = s * sin(angle);
    }
}

// Rows of images whose truth has one rank and whose prediction another.
static void rows_open(struct hidden_rows *rows, size_t truth, size_t prediction,
                      struct arena *arena)
{
    *rows = (struct hidden_rows){.images = IMAGES, .rows = M, .features = F};
    rows->truth = arena_doubles(arena, IMAGES * M * F);
    rows->prediction = arena_doubles(arena, IMAGES * M * F);
    for (size_t i = 0; i < IMAGES; ++i) {
        matrix(rows->truth + i * M * F, truth, 0);
        matrix(rows->prediction + i * M * F, prediction, .1 + .002 * (double)i);
    }
}

Test(measure, a_profile_has_the_ranks_and_the_overlaps_of_every_image)
{
    struct arena arena;
    struct hidden_rows rows;
    struct profile profile;
    arena_open_growing(&arena, "test");
    rows_open(&rows, 6, 2, &arena);
    profile_fill(&profile, &rows, &arena);
    cr_expect_eq(profile.images, IMAGES);
    for (size_t i = 0; i < IMAGES; ++i) {
        // 1, 1/3, 1/9, ...: above a tenth of the first are 1, 1/3 and 1/9.
        cr_expect_eq(profile.rank[TRUTH][0][i], 3);
        cr_expect_eq(profile.rank[TRUTH][3][i], 6);
        cr_expect_eq(profile.rank[PREDICTION][3][i], 2);
        cr_expect_lt(profile.effective[PREDICTION][i], profile.effective[TRUTH][i]);
        // The first component stays, the second turns.
        const double turn = .1 + .002 * (double)i;
        cr_expect_float_eq(profile.overlap[0][i], 1, 1e-12);
        cr_expect_float_eq(profile.overlap[1][i], cos(turn), 1e-12);
        // Six components of eight: the eighth is nothing, and none is visible.
        cr_expect_eq(profile.smallest[i], 0);
        cr_expect_float_eq(profile.at_visible[i] * M * F, 9 / 8. * (1 - pow(9, -6)),
                           1e-12);
        // The turn of the second, and the four that are lost.
        cr_expect_float_eq(
            profile.loss[i] * M * F,
            (2 - 2 * cos(turn)) / 9 + (pow(9, -2) - pow(9, -6)) / (1 - 1 / 9.), 1e-12);
    }
    arena_close(&arena);
}

// Planted: component i of the truth is e_i f_i^T. That of the prediction has its left vector turned
// by an angle in the plane of (e_0,e_1), (e_2,e_3), ..., its right one in that of (f_1,f_2),
// (f_3,f_4), ..., so that no two components have the same overlap.
Test(measure, an_overlap_is_that_of_its_own_component)
{
    struct arena arena;
    struct hidden_rows rows;
    struct profile profile;
    arena_open_growing(&arena, "test");
    rows_open(&rows, M, 0, &arena);
    double want[OVERLAPS][IMAGES];
    for (size_t n = 0; n < IMAGES; ++n)
        for (size_t i = 0; i < OVERLAPS; ++i) {
            const size_t left = i / 2, right = (i + 1) / 2;
            const double a = .1 * (double)(left + 1) + .002 * (double)n,
                         b = .07 * (double)right + (right ? .001 * (double)n : 0);
            double u[M] = {0}, v[F] = {0};
            u[i] = cos(a);
            u[i ^ 1] = i % 2 ? -sin(a) : sin(a);
            v[i] = cos(b);
            if (i > 0) v[i % 2 ? i + 1 : i - 1] = i % 2 ? sin(b) : -sin(b);
            for (size_t k = 0; k < M * F; ++k)
                rows.prediction[n * M * F + k] +=
                    pow(3, -(double)i) * u[k / F] * v[k % F];
            want[i][n] = cos(a) * cos(b);
        }
    profile_fill(&profile, &rows, &arena);
    for (size_t i = 0; i < OVERLAPS; ++i)
        expect_close(profile.overlap[i], want[i], IMAGES, 0, 1e-9);
    arena_close(&arena);
}

// The verdict's word for a claim after judging such rows.
static void expect_verdicts(size_t truth, size_t prediction, const char *word)
{
    static const char *const ids[] = {"assumption4.1", "assumption4.1.corrected",
                                      "remark4.2.rank"};
    struct study study = {0};
    struct hidden_rows rows;
    struct profile profile;
    char words[512], line[64];
    arena_open_growing(&study.arena, "test");
    world_run(&study.run, "--tier smoke --data planted --force 1", words);
    rows_open(&rows, truth, prediction, &study.arena);
    profile_fill(&profile, &rows, &study.arena);
    profile_judge(&study,
                  (const struct profile[PREDICTORS]){profile, profile, profile});
    run_close(&study.run);
    arena_close(&study.arena);
    const char *verdicts = world_text("results/smoke-planted/02-demo/verdicts.tsv");
    for (size_t i = 0; i < sizeof ids / sizeof *ids; ++i) {
        snprintf(line, sizeof line, "\n%s\t%s\t", ids[i], word);
        cr_expect(strstr(verdicts, line), "%s is not %s: %s", ids[i], word, verdicts);
    }
}

Test(measure, a_reconstruction_of_low_rank_is_found)
{
    world_listen();
    expect_verdicts(6, 1, "TREND-ONLY");
}

// Planted: the reconstruction has the higher rank.
Test(measure, a_reconstruction_of_higher_rank_turns_the_verdicts)
{
    world_listen();
    expect_verdicts(1, 6, "NOT-REPRODUCED");
}

// Planted: components that are reconstructed the better the smaller they are.
Test(measure, overlaps_that_rise_turn_the_verdict)
{
    struct study study = {0};
    struct hidden_rows rows;
    struct profile profile;
    char words[512];
    world_listen();
    arena_open_growing(&study.arena, "test");
    world_run(&study.run, "--tier smoke --data planted --force 1", words);
    rows_open(&rows, 6, 6, &study.arena);
    profile_fill(&profile, &rows, &study.arena);
    for (size_t i = 0; i < OVERLAPS; ++i)
        for (size_t n = 0; n < IMAGES; ++n)
            profile.overlap[i][n] = .1 * (double)i + .001 * (double)n;
    profile_judge(&study,
                  (const struct profile[PREDICTORS]){profile, profile, profile});
    run_close(&study.run);
    arena_close(&study.arena);
    cr_expect(strstr(world_text("results/smoke-planted/02-demo/verdicts.tsv"),
                     "\nremark4.2.reason\tNOT-REPRODUCED\t"));
}

// Patches of equal brightness in [0,1]; then each a third as bright as the one before.
Test(measure, spans_differ_when_degrees_do)
{
    struct arena arena;
    struct hidden_rows rows;
    double even[SPANS * IMAGES], uneven[SPANS * IMAGES];
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    arena_open_growing(&arena, "test");
    rows_open(&rows, 6, 6, &arena);
    for (size_t i = 0; i < IMAGES * M * F; ++i)
        rows.truth[i] = 2 * rng_uniform(&rng) - 1;
    cr_assert_eq(spans_measure(even, &rows, &arena), IMAGES);
    for (size_t i = 0; i < IMAGES * M * F; ++i)
        rows.truth[i] = (rows.truth[i] + 1) * pow(3, -(double)(i / F % M)) - 1;
    cr_assert_eq(spans_measure(uneven, &rows, &arena), IMAGES);
    for (size_t c = 0; c < SPANS; ++c) {
        cr_expect_gt(mean(even + c * IMAGES, IMAGES), .75, "%g",
                     mean(even + c * IMAGES, IMAGES));
        cr_expect_lt(mean(uneven + c * IMAGES, IMAGES), mean(even + c * IMAGES, IMAGES),
                     "%zu", c);
    }
    for (size_t f = 0; f < F; ++f) rows.truth[f] = -1; // a black patch: degree 0
    cr_expect_eq(spans_measure(uneven, &rows, &arena), IMAGES - 1, "one has no graph");
    arena_close(&arena);
}

// Planted: spans that have little in common.
Test(measure, spans_apart_turn_the_verdict)
{
    static const char *const words[] = {"TREND-ONLY", "NOT-REPRODUCED"};
    for (int apart = 0; apart < 2; ++apart) {
        struct study study = {0};
        double overlap[SPANS * IMAGES];
        char options[512], line[64];
        for (size_t i = 0; i < SPANS * IMAGES; ++i)
            overlap[i] = (apart ? .5 : .95) + .001 * (double)(i % 7);
        world_listen();
        world_run(&study.run, "--tier smoke --data planted --force 1", options);
        spans_judge(&study, overlap, IMAGES, IMAGES - 1);
        run_close(&study.run);
        snprintf(line, sizeof line, "\nsection4.2.similar\t%s\t", words[apart]);
        cr_expect(
            strstr(world_text("results/smoke-planted/02-demo/verdicts.tsv"), line),
            "%s", line);
    }
}
