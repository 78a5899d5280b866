#include "core/analysis/rotated_probe.h"

#include <math.h>
#include <string.h>

#include "core/analysis/token_graph.h"
#include "core/base/die.h"
#include "core/base/rng.h"
#include "core/data/masks.h"
#include "core/data/patches.h"
#include "core/train/evaluate.h"

// factor (M,F) = D^{-1/2} X of one image, pixels in [0,1].
static void image_factor(double *factor, const struct rotated_probe *probe,
                         const int32_t *hidden, size_t count, size_t image,
                         struct arena *arena)
{
    const size_t features = patch_size(probe->patch), mark = arena_mark(arena);
    real patches[IMAGE_BYTES];
    double *degrees = arena_doubles(arena, count);
    patches_from_bytes(patches, probe->images->pixels + image * IMAGE_BYTES,
                       probe->patch);
    for (size_t h = 0; h < count; ++h)
        for (size_t f = 0; f < features; ++f)
            factor[h * features + f] =
                ((double)patches[(size_t)hidden[h] * features + f] + 1) / 2;
    graph_degrees(degrees, factor, count, features, arena);
    for (size_t h = 0; h < count; ++h)
        if (!(degrees[h] > 0)) degrees[h] = 1;
    graph_factor(factor, factor, degrees, count, features);
    arena_reset(arena, mark);
}

// The patches that all images hide. Returns how many.
static size_t shared_mask(int32_t hidden[IMAGE_SIDE * IMAGE_SIDE],
                          const struct rotated_probe *probe)
{
    int32_t visible[IMAGE_SIDE * IMAGE_SIDE];
    const size_t tokens = patch_count(probe->patch);
    mask_draw(visible, hidden, tokens, probe->mask_ratio, probe->seed, EVALUATION_EPOCH,
              0);
    return tokens - mask_visible(tokens, probe->mask_ratio);
}

void rotated_features(double *features, double *loss, const struct rotated_probe *probe,
                      enum rotated way, struct arena *arena)
{
    int32_t hidden[IMAGE_SIDE * IMAGE_SIDE];
    const size_t rows = shared_mask(hidden, probe), width = patch_size(probe->patch),
                 mark = arena_mark(arena);
    double *factor = arena_doubles(arena, rows * width),
           *normals = arena_doubles(arena, width * width);
    // Training and test images of one number turn differently: their digests do.
    uint64_t split = 0;
    for (size_t c = 0; c < sizeof split; ++c)
        split = split << 8 | (unsigned char)probe->images->digest[c];
    require(probe->count <= probe->images->count, "%zu images of %zu", probe->count,
            probe->images->count);
    for (size_t i = 0; i < probe->count; ++i) {
        double *image = features + i * rows * width;
        struct rng rng =
            rng_open(probe->seed + split, PURPOSE_THEORY, UINT32_MAX, (uint32_t)i);
        image_factor(factor, probe, hidden, rows, i, arena);
        memcpy(image, factor, rows * width * sizeof *image);
        if (way == ROTATED_SIGN && rng_bits(&rng) & 1)
            for (size_t j = 0; j < rows * width; ++j) image[j] = -factor[j];
        if (way == ROTATED_TURN) {
            for (size_t j = 0; j < width * width; ++j) normals[j] = rng_normal(&rng);
            rows_rotate(image, factor, rows, width, normals, arena);
        }
        if (loss) loss[i] = spectral_loss(image, factor, rows, width, arena);
    }
    arena_reset(arena, mark);
}

void rotated_probe_run(double *right, double *agrees, double *loss,
                       const struct rotated_probe *train,
                       const struct rotated_probe *test, struct arena *arena)
{
    int32_t hidden[IMAGE_SIDE * IMAGE_SIDE];
    const size_t width = shared_mask(hidden, test) * patch_size(test->patch),
                 mark = arena_mark(arena);
    double *x = arena_doubles(arena, size_product(train->count, width)),
           *y = arena_doubles(arena, size_product(test->count, width)),
           *losses = arena_doubles(arena, test->count);
    uint16_t *answers = arena_take(arena, ROTATED_WAYS * test->count, sizeof *answers);
    const struct labelled_rows known = {train->count, width, x, train->images->labels},
                               asked = {test->count, width, y, test->images->labels};
    for (int way = 0; way < ROTATED_WAYS; ++way) {
        uint16_t *given = answers + (size_t)way * test->count;
        size_t same = 0;
        rotated_features(x, NULL, train, (enum rotated)way, arena);
        rotated_features(y, losses, test, (enum rotated)way, arena);
        if (ridge_classify(given, &known, &asked, IMAGE_CLASSES, arena))
            die(EXIT_SYSTEM, "ridge classifier: a singular system (report this)");
        loss[way] = 0;
        for (size_t i = 0; i < test->count; ++i) {
            right[(size_t)way * test->count + i] = given[i] == asked.labels[i];
            same += given[i] == answers[i];
            loss[way] = fmax(loss[way], losses[i]);
        }
        agrees[way] = (double)same / (double)test->count;
    }
    arena_reset(arena, mark);
}
