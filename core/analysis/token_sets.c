#include "core/analysis/token_sets.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/patches.h"
#include "core/train/encode.h"

static void set_open(struct token_set *set, size_t images, size_t tokens, size_t width,
                     struct arena *arena)
{
    require(images > 0, "a set of no tokens");
    *set = (struct token_set){images, tokens, width, NULL};
    set->values =
        arena_take(arena, size_product(images, tokens * width), sizeof(float));
}

void token_set_patches(struct token_set *set, const struct images *images, size_t count,
                       int patch, struct arena *arena)
{
    require(count <= images->count, "%zu images of %zu", count, images->count);
    const size_t side = (size_t)images->side, across = side / (size_t)patch,
                 numbers = IMAGE_CHANNELS * side * side;
    struct arena scratch;
    set_open(set, count, across * across, patch_size(patch), arena);
    arena_open_growing(&scratch, "patches");
    real *patches = arena_reals(&scratch, numbers);
    for (size_t i = 0; i < count; ++i) {
        patches_of_image(patches, images, i, patch);
        for (size_t n = 0; n < numbers; ++n)
            set->values[i * numbers + n] = (float)patches[n];
    }
    arena_close(&scratch);
}

void token_set_positions(struct token_set *set, size_t count, size_t across,
                         struct arena *arena)
{
    const size_t tokens = across * across;
    set_open(set, count, tokens, 2, arena);
    float *value = set->values;
    for (size_t i = 0; i < count; ++i)
        for (size_t t = 0; t < tokens; ++t) {
            *value++ = (float)(t / across);
            *value++ = (float)(t % across);
        }
}

int token_set_encoder(struct token_set *set, const struct mae *mae, const real *weights,
                      int layer, const struct images *images, size_t count, int threads,
                      struct arena *arena)
{
    size_t tokens = shape_tokens(&mae->shape), width = (size_t)mae->shape.width;
    require(count <= images->count, "%zu images of %zu", count, images->count);
    set_open(set, count, tokens, width, arena);

    struct arena scratch;
    size_t row = tokens * width;
    arena_open_growing(&scratch, "encoder tokens");
    float *encoded = arena_take(&scratch, count * (row + width), sizeof *encoded);
    const size_t side = (size_t)images->side, area = side * side,
                 numbers = IMAGE_CHANNELS * area;
    require(images->side == mae->shape.image, "images of side %d, a model of %d",
            images->side, mae->shape.image);
    float *pixels = arena_take(&scratch, count * numbers, sizeof *pixels);
    int32_t *shown = arena_take(&scratch, count * tokens, sizeof *shown);
    for (size_t n = 0; n < count * numbers; ++n) {
        const uint8_t byte = images->pixels[n];
        const size_t colour = n / area % IMAGE_CHANNELS;
        pixels[n] = images->values ? images->values[colour * 256 + byte]
                                   : (float)pixel_value(byte);
    }
    for (size_t n = 0; n < count * tokens; ++n) shown[n] = (int32_t)(n % tokens);
    const struct encoding encoding = {.mae = mae,
                                      .weights = weights,
                                      .layer = layer,
                                      .images = pixels,
                                      .count = count,
                                      .visible = tokens,
                                      .shown = shown,
                                      .threads = threads};
    int overflow = encode_images(encoded, NULL, &encoding);
    for (size_t i = 0; i < count; ++i)
        memcpy(set->values + i * row, encoded + i * (row + width) + width,
               row * sizeof *encoded);
    arena_close(&scratch);
    return overflow;
}

void token_set_mean(double *mean, const struct token_set *set)
{
    size_t row = set->tokens * set->width;
    memset(mean, 0, row * sizeof *mean);
    for (size_t i = 0; i < set->images; ++i)
        for (size_t n = 0; n < row; ++n) mean[n] += (double)set->values[i * row + n];
    for (size_t n = 0; n < row; ++n) mean[n] /= (double)set->images;
}

const char *normalisation_name(enum normalisation normalisation)
{
    static const char *const names[NORMALISATIONS] = {"none", "unit", "centred",
                                                      "centred unit"};
    return names[normalisation];
}

void token_set_points(double *points, const struct token_set *set, size_t image,
                      enum normalisation normalisation, const double *mean)
{
    size_t row = set->tokens * set->width;
    int centred = normalisation == NORMALISATION_CENTRED ||
                  normalisation == NORMALISATION_CENTRED_UNIT;
    int unit = normalisation == NORMALISATION_UNIT ||
               normalisation == NORMALISATION_CENTRED_UNIT;
    require(image < set->images, "image %zu of %zu", image, set->images);
    require(mean || !centred, "no mean to subtract");
    for (size_t n = 0; n < row; ++n) {
        points[n] = (double)set->values[image * row + n];
        if (centred) points[n] -= mean[n];
    }
    for (size_t t = 0; unit && t < set->tokens; ++t) {
        double *token = points + t * set->width, square = 0;
        for (size_t d = 0; d < set->width; ++d) square += token[d] * token[d];
        double norm = sqrt(square);
        for (size_t d = 0; norm > 0 && d < set->width; ++d) token[d] /= norm;
    }
}
