#include "core/train/target.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/patches.h"
#include "core/linalg/eigen.h"
#include "core/linalg/gemm.h"

static const char *const patches_names[] = {
    [TARGET_HIDDEN] = "hidden", [TARGET_VISIBLE] = "visible", [TARGET_EVERY] = "every"};
static const char *const scale_names[] = {[TARGET_RAW] = "raw",
                                          [TARGET_NORMALISED] = "normalised",
                                          [TARGET_WHITENED] = "whitened"};

const char *target_patches_name(enum target_patches patches)
{
    return patches_names[patches];
}

const char *target_scale_name(enum target_scale scale)
{
    return scale_names[scale];
}

// ====== Whitening ======

// In bytes, all sums are whole numbers below 2^53, so that no order of adding changes them.
enum { CHUNK = 64 }; // images

// sum (F), products (F,F) = sums over all patches of b_i and of b_i b_j, where b is the byte.
static void moments_sum(double *sum, double *products, const struct images *images,
                        int patch, struct arena *arena)
{
    const size_t tokens = patch_count(patch), F = patch_size(patch),
                 numbers = tokens * F;
    const size_t mark = arena_mark(arena);
    double *rows = arena_doubles(arena, CHUNK * numbers);
    real *patches = arena_reals(arena, numbers);
    memset(sum, 0, F * sizeof *sum);
    memset(products, 0, F * F * sizeof *products);
    for (size_t first = 0; first < images->count; first += CHUNK) {
        const size_t count =
            images->count - first < CHUNK ? images->count - first : CHUNK;
        for (size_t c = 0; c < count; ++c) {
            patches_from_bytes(patches, images->pixels + (first + c) * IMAGE_BYTES,
                               patch);
            for (size_t i = 0; i < numbers; ++i)
                rows[c * numbers + i] = round((double)patches[i] * 127.5 + 127.5);
        }
        for (size_t r = 0; r < count * tokens; ++r)
            for (size_t i = 0; i < F; ++i) sum[i] += rows[r * F + i];
        gemm_doubles(products, rows, TRANSPOSED, rows, PLAIN, F, F, count * tokens, 1);
    }
    arena_reset(arena, mark);
}

// A direction in which the training images do not vary has an eigenvalue of rounding alone.
static double smallest_eigenvalue(const double *values, size_t n)
{
    return 64 * (double)n * DBL_EPSILON * values[n - 1];
}

static void whitening_fit(struct target_maker *maker, const struct images *images,
                          int patch, struct arena *arena)
{
    const size_t F = maker->patch_size;
    const double count = (double)(images->count * patch_count(patch)), unit = 127.5;
    double *mean = arena_doubles(arena, F);
    real *whiten = arena_zeros(arena, F * F);
    const size_t mark = arena_mark(arena);
    double *sum = arena_doubles(arena, F), *covariance = arena_doubles(arena, F * F),
           *values = arena_doubles(arena, F), *vectors = arena_doubles(arena, F * F);
    moments_sum(sum, covariance, images, patch, arena);
    for (size_t i = 0; i < F; ++i) {
        mean[i] = sum[i] / count / unit - 1;
        for (size_t j = 0; j <= i; ++j)
            covariance[i * F + j] =
                (covariance[i * F + j] / count - sum[i] / count * (sum[j] / count)) /
                (unit * unit);
    }
    if (eigen_symmetric(values, vectors, covariance, F))
        die(EXIT_SYSTEM, "the covariance of patches: its eigenvalues did not converge "
                         "(report this)");
    maker->rank = 0;
    for (size_t k = 0; k < F; ++k) {
        if (!(values[k] > smallest_eigenvalue(values, F))) continue;
        const double scale = 1 / sqrt(values[k]), *v = vectors + k * F;
        maker->rank++;
        for (size_t i = 0; i < F; ++i)
            for (size_t j = 0; j < F; ++j)
                whiten[i * F + j] += (real)(scale * v[i] * v[j]);
    }
    arena_reset(arena, mark);
    maker->mean = mean;
    maker->whiten = whiten;
}

void target_maker_open(struct target_maker *maker, enum target_scale scale,
                       const struct images *images, int patch, struct arena *arena)
{
    const size_t F = patch_size(patch);
    *maker = (struct target_maker){.scale = scale, .patch_size = F, .rank = F};
    if (scale != TARGET_WHITENED) return;
    require(images && images->count > 0, "targets whitened by no images");
    whitening_fit(maker, images, patch, arena);
}

// ====== Targets ======

static void normalise(real *target, const real *patch, size_t size)
{
    double mean = 0, square = 0;
    for (size_t f = 0; f < size; ++f) mean += (double)patch[f];
    mean /= (double)size;
    for (size_t f = 0; f < size; ++f)
        square += ((double)patch[f] - mean) * ((double)patch[f] - mean);
    const double scale = 1 / sqrt(square / (double)(size - 1) + 1e-6);
    for (size_t f = 0; f < size; ++f)
        target[f] = (real)(((double)patch[f] - mean) * scale);
}

void target_maker_load(struct target_maker *maker, enum target_scale scale,
                       const char *data, int patch, struct arena *arena)
{
    struct images images = {0};
    if (scale == TARGET_WHITENED) images_load(&images, data, SPLIT_TRAIN);
    target_maker_open(maker, scale, &images, patch, arena);
    images_free(&images);
}

// t += (x_j - m_j) row j of the symmetric matrix, j in order.
KERNEL static void whiten(real *restrict target, const real *restrict patch,
                          const struct target_maker *maker)
{
    const size_t F = maker->patch_size;
    const real *restrict matrix = maker->whiten;
    memset(target, 0, F * sizeof *target);
    for (size_t j = 0; j < F; ++j) {
        const real centred = (real)((double)patch[j] - maker->mean[j]);
        for (size_t i = 0; i < F; ++i) target[i] += centred * matrix[j * F + i];
    }
}

void target_make(real *targets, const real *patches, size_t count,
                 const struct target_maker *maker)
{
    const size_t F = maker->patch_size;
    if (maker->scale == TARGET_RAW)
        memcpy(targets, patches, count * F * sizeof *targets);
    for (size_t n = 0; n < count && maker->scale == TARGET_NORMALISED; ++n)
        normalise(targets + n * F, patches + n * F, F);
    for (size_t n = 0; n < count && maker->scale == TARGET_WHITENED; ++n)
        whiten(targets + n * F, patches + n * F, maker);
}
