#include "experiments/03-segmentation/columns.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/data/planted.h"
#include "tests/model/gradient.h"

enum { IMAGES = 12, T = 64 };

// A study of one model with random weights and a few planted scenes.
static void study_of_scenes(struct study *study)
{
    const struct mae_shape shape = {32, 3, 4, 48, 2, 1, 3, 3};
    *study = (struct study){.model_count = 1, .run.options = {.seed = 1, .threads = 1}};
    arena_open_growing(&study->arena, "test");
    mae_open(&study->model[0].mae, &shape, &study->arena);
    study->model[0].slab =
        normal_reals(&study->arena, study->model[0].mae.parameters.count, .1, 1);
    study->recipe[0].shape = shape;
    planted_make(&study->images[SPLIT_TEST], 1, IMAGES, PLANTED_NOISE);
}

static void study_free(struct study *study)
{
    images_free(&study->images[SPLIT_TEST]);
    arena_close(&study->arena);
}

Test(columns, planted_scenes_have_true_regions_and_photographs_three_clusters)
{
    struct study study;
    struct scenes known, unknown;
    study_of_scenes(&study);
    scenes_open(&known, &study, SPLIT_TEST, 5);
    cr_assert(known.truth && known.count == 5 && known.tokens == T);
    for (size_t i = 0; i < 5; ++i) {
        uint8_t most = 0;
        for (size_t t = 0; t < T; ++t)
            if (known.truth[i * T + t] > most) most = known.truth[i * T + t];
        cr_expect_eq(known.clusters[i], most + 1, "scene %zu", i);
    }
    uint8_t *regions = study.images[SPLIT_TEST].regions;
    study.images[SPLIT_TEST].regions = NULL;
    scenes_open(&unknown, &study, SPLIT_TEST, 1000);
    cr_expect(!unknown.truth && unknown.count == IMAGES, "there are no more images");
    for (size_t i = 0; i < IMAGES; ++i) cr_expect_eq(unknown.clusters[i], 3);
    study.images[SPLIT_TEST].regions = regions;
    study_free(&study);
}

Test(columns, maps_agree_with_themselves_where_nobody_knows_the_truth)
{
    struct study study;
    struct scenes scenes;
    struct token_set set;
    uint8_t maps[IMAGES * T];
    double ari[IMAGES], iou[IMAGES];
    study_of_scenes(&study);
    scenes_open(&scenes, &study, SPLIT_TEST, IMAGES);
    column_tokens(&set, COLUMN_PATCHES, DEPTH_EMBEDDING, &scenes, 0, &study.arena);
    cr_expect_eq(
        column_cluster(maps, ari, iou, &set, NORMALISATION_NONE, &scenes, NULL), 1);
    const double agreement =
        column_cluster(maps, ari, iou, &set, NORMALISATION_NONE, &scenes, scenes.truth);
    double sum = 0;
    for (size_t i = 0; i < IMAGES; ++i) sum += ari[i] / IMAGES;
    cr_expect(agreement > .05 && agreement < 1 && agreement - sum < 1e-12 &&
                  sum - agreement < 1e-12,
              "%g", agreement);
    study_free(&study);
}

// The model's tokens are its own; random encoders differ by their number, and none by the trained
// weights.
Test(columns, random_encoders_come_from_the_seed_and_their_number)
{
    struct study study;
    struct scenes scenes;
    struct token_set model, again, random[3];
    study_of_scenes(&study);
    scenes_open(&scenes, &study, SPLIT_TEST, IMAGES);
    column_tokens(&model, COLUMN_MAE, DEPTH_NORM, &scenes, 0, &study.arena);
    column_tokens(&random[0], COLUMN_RANDOM, DEPTH_NORM, &scenes, 0, &study.arena);
    column_tokens(&random[1], COLUMN_RANDOM, DEPTH_NORM, &scenes, 1, &study.arena);
    scenes.seed = 2;
    column_tokens(&random[2], COLUMN_RANDOM, DEPTH_NORM, &scenes, 0, &study.arena);
    column_tokens(&again, COLUMN_MAE, DEPTH_NORM, &scenes, 1, &study.arena);
    const size_t bytes = IMAGES * T * model.width * sizeof *model.values;
    cr_expect(memcmp(model.values, again.values, bytes) == 0);
    cr_expect(memcmp(model.values, random[0].values, bytes) != 0);
    cr_expect(memcmp(random[0].values, random[1].values, bytes) != 0);
    cr_expect(memcmp(random[1].values, random[2].values, bytes) == 0,
              "the seed and the number are added");
    study_free(&study);
}

// A random column's agreement is the mean over its encoders; its maps are the first encoder's.
Test(columns, a_random_column_is_the_mean_of_its_encoders)
{
    struct study study;
    struct figure figure = {0};
    struct token_set set;
    uint8_t maps[IMAGES * T];
    double ari[IMAGES], want = 0, got = 0;
    study_of_scenes(&study);
    scenes_open(&figure.scenes, &study, SPLIT_TEST, IMAGES);
    figure_measure(&figure, COLUMN_MAE, &study);
    figure_measure(&figure, COLUMN_RANDOM, &study);
    const struct column *random = &figure.columns[COLUMN_RANDOM];
    for (size_t e = 0; e < RANDOM_ENCODERS; ++e) want += random->encoder[e];
    for (size_t i = 0; i < IMAGES; ++i) got += random->ari[i] / IMAGES;
    cr_expect_float_eq(got, want / RANDOM_ENCODERS, 1e-12);
    column_tokens(&set, COLUMN_RANDOM, random->depth, &figure.scenes, 0, &study.arena);
    column_cluster(maps, ari, NULL, &set, random->normalisation, &figure.scenes,
                   figure.scenes.truth);
    cr_expect(memcmp(maps, random->maps, sizeof maps) == 0);
    cr_expect_eq(figure_truth(&figure), figure.scenes.truth);
    study_free(&study);
}
