#include "experiments/07-spectral/measure.h"

#include <math.h>

#include "core/data/masks.h"
#include "core/data/planted.h"
#include "core/linalg/gemm.h"
#include "core/stats/summary.h"
#include "tests/expect_close.h"
#include "tests/report/world.h"

#define ROW(id, kind, margin)                                                          \
    id "\tTheorem 4.3\tA\tclaim\t\t" kind "\t" margin                                  \
       "\td\tplanted\tsmoke\tfigure2\t02-demo\n"

// The small project of core/report's tests, with the rows that are judged here.
static void open_rows(void)
{
    char claims[sizeof world_claims + 1024];
    world_open();
    snprintf(claims, sizeof claims, "%s%s%s%s", world_claims,
             ROW("theorem4.3.degrees.share", "partition", "0.5"),
             ROW("theorem4.3.training", "trend", ""),
             ROW("theorem4.3.repaired.trained", "identity", "1e-9"));
    world_claims_write("paper/claims.tsv", claims);
}

TestSuite(measure, .init = open_rows);

enum { IMAGES = 40 };

// Judges columns of L_spec before and after a training whose masked loss goes from 2 to `loss`, a
// share of images, a residual and its bound.
static const char *verdicts_of(double loss, double before, double after, double share,
                               double residual, double rounding)
{
    double first[IMAGES], last[IMAGES], images[IMAGES];
    struct study study = {0};
    char words[512];
    for (size_t i = 0; i < IMAGES; ++i) {
        first[i] = before + .01 * (double)(i % 5);
        last[i] = after + .01 * (double)(i % 3);
        images[i] = (double)i < share * IMAGES;
    }
    const struct checkpoint start = {.images = IMAGES, .spectral = first, .loss = 2},
                            end = {.images = IMAGES, .spectral = last, .loss = loss},
                            given = {.residual = residual, .rounding = rounding};
    world_listen();
    arena_open_growing(&study.arena, "test");
    world_run(&study.run, "--tier desk --data planted --force 1", words);
    judge_training(&study, &start, &end);
    judge_degrees(&study, images, IMAGES);
    judge_repaired(&study, &given);
    run_close(&study.run);
    arena_close(&study.arena);
    return world_text("results/desk-planted/02-demo/verdicts.tsv");
}

Test(measure, what_holds_is_found)
{
    const char *verdicts = verdicts_of(1, 1, .2, .9, 1e-14, 1e-12);
    cr_expect(strstr(verdicts, "\ntheorem4.3.training\tTREND-ONLY\t"), "%s", verdicts);
    cr_expect(strstr(verdicts, "\ntheorem4.3.degrees.share\tREPRODUCED-SCALED\t"));
    cr_expect(strstr(verdicts, "\ntheorem4.3.repaired.trained\tREPRODUCED\t"), "%s",
              verdicts);
}

// Planted: L_spec rises while the masked loss falls, few images lack a graph, the two sides differ
// by more than rounding.
Test(measure, the_opposite_turns_every_verdict)
{
    const char *verdicts = verdicts_of(1, .2, 1, .1, 1e-11, 1e-12);
    cr_expect(strstr(verdicts, "\ntheorem4.3.training\tNOT-REPRODUCED\t"), "%s",
              verdicts);
    cr_expect(strstr(verdicts, "\ntheorem4.3.degrees.share\tNOT-REPRODUCED\t"));
    cr_expect(strstr(verdicts, "\ntheorem4.3.repaired.trained\tREFUTED\t"));
}

Test(measure, a_training_that_learns_nothing_decides_nothing)
{
    const char *verdicts = verdicts_of(2, 1, .2, .9, 1e-14, 1e-12);
    cr_expect(strstr(verdicts, "\ntheorem4.3.training\tINCONCLUSIVE\t"), "%s",
              verdicts);
}

// ====== Measurements on a small untrained model ======

enum { PATCH = 8, M = 12, F = 192, D = 12, SCENES = 20 };

struct world_of_rows {
    struct arena arena;
    struct images images;
    struct mae mae;
    real *weights;
    struct hidden_rows rows;
};

static void rows_open(struct world_of_rows *world)
{
    static const struct mae_shape shape = {32, 3, PATCH, D, 1, 1, 2, 2};
    arena_open_growing(&world->arena, "test");
    planted_make(&world->images, 4, SCENES, PLANTED_NOISE);
    mae_open(&world->mae, &shape, &world->arena);
    world->weights = arena_reals(&world->arena, world->mae.parameters.count);
    parameters_initialise(world->weights, &world->mae.parameters, 3);
    const struct evaluation evaluation = {.mae = &world->mae,
                                          .weights = world->weights,
                                          .images = &world->images,
                                          .count = SCENES,
                                          .mask_ratio = .75,
                                          .seed = 6,
                                          .threads = 1};
    hidden_rows_learned(&world->rows, &evaluation, &world->arena);
}

static void rows_close(struct world_of_rows *world)
{
    images_free(&world->images);
    arena_close(&world->arena);
}

// D f is the prediction followed by the 1, and phi the truth followed by a 1.
Test(measure, pairs_of_a_model_are_its_tokens_and_its_head)
{
    enum { PAIRS = 30, Q = F + 1 };
    struct world_of_rows world;
    rows_open(&world);
    const struct contrastive_pairs pairs =
        model_pairs(&world.rows, &world.mae, world.weights, PAIRS, &world.arena);
    double *output = arena_doubles(&world.arena, PAIRS * Q);
    cr_assert(pairs.features == Q && pairs.width == D + 1);
    gemm_doubles(output, pairs.trunk, PLAIN, pairs.head, TRANSPOSED, PAIRS, Q, D + 1,
                 0);
    for (size_t i = 0; i < PAIRS; ++i) {
        expect_close((const double *)output + i * Q,
                     (const double *)world.rows.prediction + i * F, F, 0, 2e-6);
        expect_close(pairs.target + i * Q, (const double *)world.rows.truth + i * F, F,
                     0, 0);
        cr_expect_eq(output[i * Q + F], 1);
        cr_expect_eq(pairs.target[i * Q + F], 1);
    }
    rows_close(&world);
}

enum { ERROR, SPECTRAL, BOUND, CONSTANT, GREY, TERMS };

// The terms of one image from their formulas, number by number. Returns 0 where a degree is not
// positive.
static int terms_of(double terms[TERMS], const double *truth, const double *prediction)
{
    static double factor[M][F], predicted[M][F];
    double degree[M] = {0}, total = 0, norm = 0;
    for (size_t i = 0; i < M; ++i) {
        for (size_t j = 0; j < M; ++j)
            for (size_t f = 0; f < F; ++f)
                degree[i] += (truth[i * F + f] + 1) / 2 * (truth[j * F + f] + 1) / 2;
        if (degree[i] <= 0) return 0;
        total += degree[i];
    }
    for (int t = 0; t < TERMS; ++t) terms[t] = 0;
    for (size_t i = 0; i < M; ++i)
        for (size_t f = 0; f < F; ++f) {
            factor[i][f] = (truth[i * F + f] + 1) / 2 / sqrt(degree[i]);
            predicted[i][f] = (prediction[i * F + f] + 1) / 2 / sqrt(degree[i]);
            norm += pow(factor[i][f], 2);
            terms[ERROR] += pow(predicted[i][f] - factor[i][f], 2);
        }
    for (size_t i = 0; i < M; ++i)
        for (size_t j = 0; j < M; ++j) {
            double edge = 0, product = 0;
            for (size_t f = 0; f < F; ++f) {
                edge += factor[i][f] * factor[j][f];
                product += predicted[i][f] * predicted[j][f];
            }
            terms[SPECTRAL] += pow(product - edge, 2);
            // Patches embedded alike: one number each, the roots of the degrees, of norm 1.
            terms[CONSTANT] += pow(sqrt(degree[i] * degree[j]) / total - edge, 2);
            terms[GREY] += pow(F * .25 / sqrt(degree[i] * degree[j]) - edge, 2);
        }
    terms[BOUND] = pow(2 * sqrt(norm) + sqrt(terms[ERROR]), 2) * terms[ERROR];
    return 1;
}

// A perfect prediction has no error and no spectral loss; the bound holds for any.
Test(measure, a_checkpoint_has_the_terms_of_the_bound)
{
    struct world_of_rows world;
    struct checkpoint checkpoint;
    double want[TERMS];
    size_t count = 0;
    rows_open(&world);
    checkpoint_measure(&checkpoint, &world.rows, &world.mae, world.weights, SCENES * M,
                       &world.arena);
    cr_assert_gt(checkpoint.images, SCENES / 2);
    for (size_t image = 0; image < SCENES; ++image) {
        if (!terms_of(want, world.rows.truth + image * M * F,
                      world.rows.prediction + image * M * F))
            continue;
        cr_assert_lt(count, checkpoint.images);
        const double got[TERMS] = {checkpoint.error[count], checkpoint.spectral[count],
                                   checkpoint.bound[count], checkpoint.constant[count],
                                   checkpoint.grey[count]};
        expect_close((const double *)got, (const double *)want, TERMS, 1e-10, 0);
        cr_expect_leq(checkpoint.spectral[count], checkpoint.bound[count]);
        ++count;
    }
    cr_expect_eq(checkpoint.images, count);
    cr_expect_lt(checkpoint.residual, checkpoint.rounding);
    world.rows.prediction = world.rows.truth;
    checkpoint_measure(&checkpoint, &world.rows, &world.mae, world.weights, SCENES * M,
                       &world.arena);
    cr_expect_eq(mean(checkpoint.error, checkpoint.images), 0);
    cr_expect_eq(mean(checkpoint.spectral, checkpoint.images), 0);
    rows_close(&world);
}

// Two patches, 1 and -1/2 everywhere: in [-1,1] the second has a negative degree, in [0,1] neither
// has.
Test(measure, degrees_depend_on_the_scaling)
{
    double truth[2 * 3] = {1, 1, 1, -.5, -.5, -.5}, images[1];
    const struct hidden_rows rows = {
        .images = 1, .rows = 2, .features = 3, .truth = truth};
    struct arena arena;
    arena_open_growing(&arena, "test");
    cr_expect_eq(degrees_measure(images, &rows, SCALING_SIGNED, &arena), .5);
    cr_expect_eq(images[0], 1);
    cr_expect_eq(degrees_measure(images, &rows, SCALING_UNIT, &arena), 0);
    cr_expect_eq(images[0], 0);
    cr_expect_eq(degrees_measure(images, &rows, SCALING_PATCH, &arena), 1,
                 "flat patches are 0");
    arena_close(&arena);
}
