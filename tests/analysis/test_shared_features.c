// Programs that need the same features at the same time: one computes them, the others wait for
// it. `make -j2 table1 table2` does this.
#include "core/analysis/encoder_features.h"
#include "core/data/planted.h"
#include "tests/at_once.h"
#include "tests/model/gradient.h"
#include "tests/scratch.h"

enum {
    IMAGES = 64,
    D = 48,
    PROGRAMS = 3,
    ROUNDS = 4,
    NUMBERS = IMAGES * SUMMARY_ROWS * D
};

TestSuite(shared_features, .init = scratch_make);

struct expected {
    const struct encoder_source *source;
    const float *summary; // (NUMBERS)
};

// Opens the features and returns 0 when they are as computed.
static int open_same(int p, const void *context)
{
    const struct expected *expected = context;
    struct encoder_features features;
    (void)p;
    if (encoder_features_open(&features, scratch_folder, "same", "salt", 1,
                              expected->source))
        return 1;
    return memcmp(features.summary.data, expected->summary,
                  NUMBERS * sizeof *expected->summary)
               ? 2
               : 0;
}

Test(shared_features, programs_that_make_the_same_files_at_once_end_well)
{
    const struct mae_shape shape = {32, 3, 8, D, 2, 1, 3, 3};
    struct arena arena;
    struct mae mae;
    struct images images;
    arena_open_growing(&arena, "test");
    mae_open(&mae, &shape, &arena);
    planted_make(&images, 1, IMAGES, PLANTED_NOISE);
    const struct encoder_source source = {
        &mae, normal_reals(&arena, mae.parameters.count, .1, 1), &images, 1};
    float *summary = arena_take(&arena, NUMBERS, sizeof *summary);
    cr_assert_eq(encoder_features_compute(NULL, summary, &source), 0);
    const struct expected expected = {&source, summary};

    for (int round = 0; round < ROUNDS; ++round) {
        at_once(__LINE__, PROGRAMS, open_same, &expected);
        cr_expect_eq(scratch_entries(""), 3, "two files and a lock");
        remove(in_scratch("same-block.features"));
        remove(in_scratch("same-summary.features"));
    }
    images_free(&images);
    arena_close(&arena);
}
