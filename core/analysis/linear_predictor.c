#include "core/analysis/linear_predictor.h"

#include <string.h>

#include "core/base/die.h"
#include "core/data/patches.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/gemm.h"
#include "core/train/engine.h"

enum {
    PIXELS = IMAGE_BYTES,  // D, for any patch side
    CHUNK = 512,           // images centred and added at a time
    TILE = 384,            // side of the tiles of S, each computed by one thread
    TILES = PIXELS / TILE, // tiles in a row of S
    BLOCK = PIXELS / 8,    // pixels whose means one thread computes
};

// What the threads of a fit share.
struct fit {
    const struct images *images;
    size_t source[PIXELS]; // index in an image's bytes of each number of a patch matrix
    double value[256];     // of each byte
    double *mean, *covariance;
    double *centred;    // (CHUNK,D), the current chunk
    size_t first, size; // its images
};

// source (PIXELS) = the index in an image of each number of a patch matrix: cuts an image of
// indices into patches.
static void source_find(size_t source[PIXELS], int patch, struct arena *arena)
{
    size_t mark = arena_mark(arena);
    real *image = arena_reals(arena, PIXELS), *patches = arena_reals(arena, PIXELS);
    for (size_t i = 0; i < PIXELS; ++i) image[i] = (real)i; // exact in float
    patches_from_image(patches, image, patch);
    for (size_t i = 0; i < PIXELS; ++i) source[i] = (size_t)patches[i];
    arena_reset(arena, mark);
}

// Means of one block of pixels, from sums of bytes, which are exact in any order.
static void mean_block(size_t block, int worker, void *context)
{
    (void)worker;
    struct fit *fit = context;
    const size_t *source = fit->source + block * BLOCK;
    uint64_t sum[BLOCK] = {0};
    for (size_t i = 0; i < fit->images->count; ++i) {
        const uint8_t *pixels = fit->images->pixels + i * PIXELS;
        for (size_t d = 0; d < BLOCK; ++d) sum[d] += pixels[source[d]];
    }
    for (size_t d = 0; d < BLOCK; ++d) {
        double byte = (double)sum[d] / (double)fit->images->count;
        fit->mean[block * BLOCK + d] = (byte - 127.5) / 127.5; // as in pixel_value
    }
}

// Centres one image of the chunk.
static void centred_row(size_t row, int worker, void *context)
{
    (void)worker;
    struct fit *fit = context;
    const uint8_t *pixels = fit->images->pixels + (fit->first + row) * PIXELS;
    double *centred = fit->centred + row * PIXELS;
    for (size_t d = 0; d < PIXELS; ++d)
        centred[d] = fit->value[pixels[fit->source[d]]] - fit->mean[d];
}

// Row and column of a tile of the lower triangle, numbered row by row.
static void tile_find(size_t *row, size_t *column, size_t tile)
{
    *row = 0;
    while (tile > *row) tile -= ++*row;
    *column = tile;
}

// Adds the chunk to one tile of the sum, which covariance_finish divides by the number of images.
static void covariance_tile(size_t tile, int worker, void *context)
{
    (void)worker;
    struct fit *fit = context;
    size_t row, column;
    tile_find(&row, &column, tile);
    gemm_doubles_strided(fit->covariance + row * TILE * PIXELS + column * TILE, PIXELS,
                         1, fit->centred + row * TILE, PIXELS, TRANSPOSED,
                         fit->centred + column * TILE, PIXELS, PLAIN, TILE, TILE,
                         fit->size, 1);
}

// Divides a tile by the number of images and copies it to the upper triangle.
static void covariance_finish(size_t tile, int worker, void *context)
{
    (void)worker;
    struct fit *fit = context;
    size_t row, column;
    tile_find(&row, &column, tile);
    for (size_t i = row * TILE; i < (row + 1) * TILE; ++i)
        for (size_t j = column * TILE; j < (column + 1) * TILE && j <= i; ++j) {
            double value = fit->covariance[i * PIXELS + j] / (double)fit->images->count;
            fit->covariance[i * PIXELS + j] = fit->covariance[j * PIXELS + i] = value;
        }
}

static void moments_compute(struct fit *fit, int threads)
{
    size_t count = fit->images->count, tiles = TILES * (TILES + 1) / 2;
    struct engine *engine = engine_open(threads, 0, 0);
    pool_for(engine, PIXELS / BLOCK, mean_block, fit);
    for (fit->first = 0; fit->first < count; fit->first += CHUNK) {
        fit->size = count - fit->first < CHUNK ? count - fit->first : CHUNK;
        pool_for(engine, fit->size, centred_row, fit);
        pool_for(engine, tiles, covariance_tile, fit);
    }
    pool_for(engine, tiles, covariance_finish, fit);
    engine_close(engine);
}

void linear_predictor_fit(struct linear_predictor *predictor,
                          const struct images *images, int patch, int threads,
                          struct arena *arena)
{
    require(images->count > 0, "a predictor from no images");
    double *mean = arena_doubles(arena, PIXELS);
    double *covariance = arena_doubles(arena, (size_t)PIXELS * PIXELS);
    memset(covariance, 0, sizeof(double) * PIXELS * PIXELS);

    size_t mark = arena_mark(arena);
    struct fit *fit = arena_take(arena, 1, sizeof *fit);
    fit->images = images;
    fit->mean = mean;
    fit->covariance = covariance;
    fit->centred = arena_doubles(arena, (size_t)CHUNK * PIXELS);
    for (size_t byte = 0; byte < 256; ++byte)
        fit->value[byte] = pixel_value((uint8_t)byte);
    source_find(fit->source, patch, arena);

    moments_compute(fit, threads);
    arena_reset(arena, mark);

    double trace = 0;
    for (size_t i = 0; i < PIXELS; ++i) trace += covariance[i * PIXELS + i];
    *predictor = (struct linear_predictor){
        .tokens = patch_count(patch),
        .features = patch_size(patch),
        .mean = mean,
        .covariance = covariance,
        .ridge = LINEAR_PREDICTOR_RIDGE * trace / PIXELS,
    };
}

static void visible_check(const struct linear_predictor *predictor,
                          const int32_t *visible, size_t visible_count)
{
    require(visible_count > 0 && visible_count <= predictor->tokens,
            "%zu visible patches of %zu", visible_count, predictor->tokens);
    for (size_t i = 0; i < visible_count; ++i)
        require(visible[i] >= (i ? visible[i - 1] + 1 : 0) &&
                    (size_t)visible[i] < predictor->tokens,
                "visible patches are not ascending numbers below %zu",
                predictor->tokens);
}

// The lower triangle of S_vv + lambda I, and x_v - mu_v. Patches are gathered in runs of F numbers.
static void system_gather(double *matrix, double *residual,
                          const struct linear_predictor *predictor,
                          const double *patches, const int32_t *visible,
                          size_t visible_count)
{
    size_t f = predictor->features, pixels = predictor->tokens * f;
    size_t known = visible_count * f;
    for (size_t i = 0; i < visible_count; ++i)
        for (size_t k = 0; k < f; ++k) {
            size_t row = i * f + k, from = (size_t)visible[i] * f + k;
            const double *s = predictor->covariance + from * pixels;
            for (size_t j = 0; j <= i; ++j)
                memcpy(matrix + row * known + j * f, s + (size_t)visible[j] * f,
                       f * sizeof *s);
            matrix[row * known + row] += predictor->ridge;
            residual[row] = patches[from] - predictor->mean[from];
        }
}

// sum (n) += weight * row (n)
KERNEL static void row_add(double *sum, double weight, const double *row, size_t n)
{
    for (size_t i = 0; i < n; ++i) sum[i] += weight * row[i];
}

int linear_predictor_apply(double *prediction, const struct linear_predictor *predictor,
                           const double *patches, const int32_t *visible,
                           size_t visible_count, struct arena *arena)
{
    visible_check(predictor, visible, visible_count);
    size_t f = predictor->features, pixels = predictor->tokens * f;
    size_t known = visible_count * f, mark = arena_mark(arena);
    double *matrix = arena_doubles(arena, known * known);
    double *weight = arena_doubles(arena, known);

    // weight = (S_vv + lambda I)^{-1} (x_v - mu_v)
    system_gather(matrix, weight, predictor, patches, visible, visible_count);
    int status = cholesky_factor(matrix, known);
    if (status) {
        arena_reset(arena, mark);
        return status;
    }
    cholesky_solve(weight, matrix, known);

    // Adds S_hv * weight to mu, for visible rows too, which makes longer runs; then overwrites
    // those.
    memcpy(prediction, predictor->mean, pixels * sizeof *prediction);
    for (size_t i = 0; i < known; ++i) {
        size_t pixel = (size_t)visible[i / f] * f + i % f;
        row_add(prediction, weight[i], predictor->covariance + pixel * pixels, pixels);
    }
    for (size_t i = 0; i < visible_count; ++i) {
        size_t start = (size_t)visible[i] * f;
        memcpy(prediction + start, patches + start, f * sizeof *prediction);
    }
    arena_reset(arena, mark);
    return 0;
}
