#include "experiments/08-visible-tokens/tokens.h"

#include <math.h>
#include <string.h>

#include "core/analysis/ranks.h"
#include "core/analysis/ridge.h"
#include "core/analysis/segments.h"
#include "core/base/die.h"
#include "core/data/masks.h"
#include "core/linalg/cholesky.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/stats/partial.h"

enum { WIDTH_MOST = 1024, PATCH_MOST = 3 * 16 * 16 };

// ====== Collecting ======

// The true region of each patch (n,T), or NULL, and where to write.
struct collection {
    struct tokens *tokens;
    const uint8_t *regions;
    const struct mae_shape *shape;
};

static void copy(double *out, const real *in, size_t count)
{
    for (size_t i = 0; i < count; ++i) out[i] = (double)in[i];
}

// The squared norms of rows and columns after a layer norm without affine part, in double.
static void norms_find(struct tokens *tokens, size_t image, const real *stream)
{
    const size_t V = tokens->visible, D = tokens->width;
    const double epsilon = 1e-5;
    double least[2] = {INFINITY, INFINITY}, most[2] = {0, 0}, columns[WIDTH_MOST] = {0};
    require(D <= WIDTH_MOST, "tokens of %zu numbers", D);
    for (size_t j = 0; j < V; ++j) {
        const real *row = stream + j * D;
        double mean = 0, variance = 0;
        for (size_t d = 0; d < D; ++d) mean += (double)row[d] / (double)D;
        for (size_t d = 0; d < D; ++d)
            variance += ((double)row[d] - mean) * ((double)row[d] - mean) / (double)D;
        for (size_t d = 0; d < D; ++d)
            columns[d] += ((double)row[d] - mean) * ((double)row[d] - mean) /
                          (variance + epsilon) / (double)V;
        least[0] = fmin(least[0], variance / (variance + epsilon));
        most[0] = fmax(most[0], variance / (variance + epsilon));
    }
    for (size_t d = 0; d < D; ++d) {
        least[1] = fmin(least[1], columns[d]);
        most[1] = fmax(most[1], columns[d]);
    }
    tokens->row_least[image] = least[0];
    tokens->row_most[image] = most[0];
    tokens->column_least[image] = least[1];
    tokens->column_most[image] = most[1];
}

// Nearness and region of each pair, and each block's attention, mean over heads.
static void pairs_keep(const struct collection *to, const struct reconstruction *one)
{
    struct tokens *tokens = to->tokens;
    const size_t V = one->visible_count, M = one->hidden_count, T = one->tokens,
                 H = (size_t)to->shape->decoder_heads, n = one->position,
                 side = (size_t)lround(sqrt((double)T));
    for (size_t i = 0; i < M; ++i)
        for (size_t j = 0; j < V; ++j) {
            const size_t a = (size_t)one->hidden[i], b = (size_t)one->visible[j],
                         pair = (n * M + i) * V + j;
            const double down = (double)(a / side) - (double)(b / side),
                         across = (double)(a % side) - (double)(b % side);
            tokens->nearness[pair] = -sqrt(down * down + across * across);
            if (tokens->region)
                tokens->region[pair] = to->regions[n * T + a] == to->regions[n * T + b];
            for (size_t block = 0; block < tokens->blocks; ++block) {
                double sum = 0;
                for (size_t h = 0; h < H; ++h)
                    sum +=
                        (double)one->view
                            .attention[block][(h * (T + 1) + a + 1) * one->view.stride +
                                              b + 1];
                tokens->attention[((n * tokens->blocks + block) * M + i) * V + j] =
                    sum / (double)H;
            }
        }
}

static void keep(const struct reconstruction *one, int worker, void *context)
{
    (void)worker;
    const struct collection *to = context;
    struct tokens *tokens = to->tokens;
    const size_t V = one->visible_count, M = one->hidden_count, F = one->patch_size,
                 D = one->width, n = one->position;
    copy(tokens->encoded + n * V * D, one->view.encoded + D, V * D);
    for (size_t j = 0; j < V; ++j) {
        const size_t t = (size_t)one->visible[j], row = n * V + j;
        copy(tokens->decoded + row * D, one->view.decoded + (t + 1) * D, D);
        copy(tokens->painted + row * F, one->prediction + t * F, F);
        copy(tokens->seen + row * F, one->patches + t * F, F);
        tokens->place[row] = one->visible[j];
    }
    for (size_t i = 0; i < M; ++i) {
        const size_t t = (size_t)one->hidden[i], row = n * M + i;
        copy(tokens->predicted + row * D, one->view.decoded + (t + 1) * D, D);
        copy(tokens->guessed + row * F, one->prediction + t * F, F);
        copy(tokens->truth + row * F, one->patches + t * F, F);
    }
    norms_find(tokens, n, one->view.stream + D);
    pairs_keep(to, one);
}

void tokens_open(struct tokens *tokens, struct study *study, size_t images)
{
    struct evaluation evaluation = study_evaluation(study, 0, images);
    const struct mae_shape *shape = &study->recipe[0].shape;
    const size_t T = shape_tokens(shape), F = shape_patch(shape),
                 V = mask_visible(T, evaluation.mask_ratio), M = T - V,
                 D = (size_t)shape->width, n = evaluation.count;
    struct arena *arena = &study->arena;
    *tokens = (struct tokens){.images = n,
                              .visible = V,
                              .hidden = M,
                              .features = F,
                              .width = D,
                              .blocks = (size_t)shape->decoder_blocks};
    tokens->encoded = arena_doubles(arena, n * V * D);
    tokens->decoded = arena_doubles(arena, n * V * D);
    tokens->predicted = arena_doubles(arena, n * M * D);
    tokens->painted = arena_doubles(arena, n * V * F);
    tokens->guessed = arena_doubles(arena, n * M * F);
    tokens->seen = arena_doubles(arena, n * V * F);
    tokens->truth = arena_doubles(arena, n * M * F);
    tokens->attention = arena_doubles(arena, n * tokens->blocks * M * V);
    tokens->nearness = arena_doubles(arena, n * M * V);
    tokens->row_least = arena_doubles(arena, n);
    tokens->row_most = arena_doubles(arena, n);
    tokens->column_least = arena_doubles(arena, n);
    tokens->column_most = arena_doubles(arena, n);
    tokens->place = arena_take(arena, n * V, sizeof *tokens->place);
    struct collection to = {.tokens = tokens, .shape = shape};
    if (evaluation.images->regions) {
        uint8_t *regions = arena_take(arena, n, T), *clusters = arena_take(arena, n, 1);
        segments_truth(regions, clusters, evaluation.images, n, T);
        to.regions = regions;
        tokens->region = arena_doubles(arena, n * M * V);
    }
    evaluation.with_attention = 1;
    evaluate_reconstructions(&evaluation, keep, &to);
}

// ====== Spans ======

// The share of the squared norm of rows y (rows,width) in the span of the rows of z (count,width).
static double span_share(const double *y, size_t rows, const double *z, size_t count,
                         size_t width, struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    struct decomposition svd;
    double inside = 0;
    if (decompose(&svd, z, count, width, arena))
        die(EXIT_SYSTEM, "a span of tokens did not converge (report this)");
    for (size_t k = 0; k < svd.r && svd.s[k] > 1e-10 * svd.s[0]; ++k)
        for (size_t i = 0; i < rows; ++i) {
            const double along =
                inner_product(y + i * width, svd.vt + k * width, width);
            inside += along * along;
        }
    arena_reset(arena, mark);
    return inside / squared_norm(y, rows * width);
}

void span_shares(double *own, double *other, const struct tokens *tokens,
                 enum space space, struct arena *arena)
{
    const size_t V = tokens->visible, M = tokens->hidden,
                 width = space == SPACE_PIXELS ? tokens->features : tokens->width;
    const double *z = space == SPACE_ENCODER   ? tokens->encoded
                      : space == SPACE_DECODER ? tokens->decoded
                                               : tokens->seen,
                 *y = space == SPACE_PIXELS ? tokens->truth : tokens->predicted;
    for (size_t i = 0; i < tokens->images; ++i) {
        const size_t next = (i + 1) % tokens->images;
        own[i] = span_share(y + i * M * width, M, z + i * V * width, V, width, arena);
        other[i] =
            span_share(y + i * M * width, M, z + next * V * width, V, width, arena);
    }
}

// ====== What a visible token holds ======

// spread (images) = each image's squared deviation from the mean of all patches (images,count,F).
static void spread_find(double *spread, const double *patches, size_t images,
                        size_t count, size_t F)
{
    const size_t rows = images * count;
    double mean[PATCH_MOST] = {0};
    require(F <= PATCH_MOST, "patches of %zu numbers", F);
    for (size_t r = 0; r < rows; ++r)
        for (size_t f = 0; f < F; ++f) mean[f] += patches[r * F + f] / (double)rows;
    memset(spread, 0, images * sizeof *spread);
    for (size_t r = 0; r < rows; ++r)
        spread[r / count] += squared_distance(patches + r * F, mean, F);
}

void outputs_explain(double *kept, double *spread, const struct tokens *tokens,
                     int hidden)
{
    const size_t count = hidden ? tokens->hidden : tokens->visible,
                 numbers = count * tokens->features;
    const double *patches = hidden ? tokens->truth : tokens->seen,
                 *outputs = hidden ? tokens->guessed : tokens->painted;
    spread_find(spread, patches, tokens->images, count, tokens->features);
    for (size_t i = 0; i < tokens->images; ++i)
        kept[i] = spread[i] - squared_distance(outputs + i * numbers,
                                               patches + i * numbers, numbers);
}

void colours_explain(double *kept, double *spread, const struct tokens *tokens,
                     size_t channels)
{
    const size_t F = tokens->features, pixels = F / channels;
    require(F == channels * pixels, "%zu numbers of %zu channels", F, channels);
    spread_find(spread, tokens->seen, tokens->images, tokens->visible, F);
    for (size_t i = 0; i < tokens->images; ++i) {
        kept[i] = spread[i];
        for (size_t c = 0; c < tokens->visible * channels; ++c) {
            const double *x = tokens->seen + i * tokens->visible * F + c * pixels;
            double sum = 0;
            for (size_t p = 0; p < pixels; ++p) sum += x[p];
            kept[i] -= squared_norm(x, pixels) - sum * sum / (double)pixels;
        }
    }
}

// The token (D) from which patch j of image i is read: its own, or that of the next image after i
// in which the same place is visible, its own again where there is none.
static const double *token_of(const struct tokens *tokens, size_t i, size_t j, int own)
{
    const size_t V = tokens->visible, n = tokens->images;
    size_t row = i * V + j;
    for (size_t step = 1; !own && step < n; ++step)
        for (size_t k = 0; k < V; ++k) {
            const size_t there = (i + step) % n * V + k;
            if (tokens->place[there] == tokens->place[row])
                return tokens->decoded + there * tokens->width;
        }
    return tokens->decoded + row * tokens->width;
}

// A row of the regression: the token and a 1.
static void regressor(double *row, const struct tokens *tokens, size_t i, size_t j,
                      int own)
{
    memcpy(row, token_of(tokens, i, j, own), tokens->width * sizeof *row);
    row[tokens->width] = 1;
}

// weight (F,D+1) = the ridge regression on the first half of the images.
static void regression_fit(double *weight, const struct tokens *tokens, int own,
                           struct arena *arena)
{
    const size_t V = tokens->visible, F = tokens->features, P = tokens->width + 1,
                 rows = tokens->images / 2 * V;
    double *x = arena_doubles(arena, rows * P), *gram = arena_doubles(arena, P * P),
           trace = 0;
    for (size_t r = 0; r < rows; ++r) regressor(x + r * P, tokens, r / V, r % V, own);
    gemm_doubles(gram, x, TRANSPOSED, x, PLAIN, P, P, rows, 0);
    gemm_doubles(weight, tokens->seen, TRANSPOSED, x, PLAIN, F, P, rows, 0);
    for (size_t d = 0; d < P; ++d) trace += gram[d * P + d];
    for (size_t d = 0; d < P; ++d) gram[d * P + d] += 1e-6 * trace / (double)P;
    if (cholesky_factor(gram, P))
        die(EXIT_INPUT, "the decoder's tokens are alike (train the model again)");
    for (size_t f = 0; f < F; ++f) cholesky_solve(weight + f * P, gram, P);
}

// `variation` without the squared errors of the regression at one patch.
static double less_errors(double variation, const double *patch, const double *weight,
                          const double *row, size_t F, size_t P)
{
    for (size_t f = 0; f < F; ++f) {
        const double error = patch[f] - inner_product(weight + f * P, row, P);
        variation -= error * error;
    }
    return variation;
}

void tokens_explain(double *own, double *other, double *spread,
                    const struct tokens *tokens, struct arena *arena)
{
    const size_t V = tokens->visible, F = tokens->features, P = tokens->width + 1,
                 first = tokens->images / 2, count = tokens->images - first,
                 mark = arena_mark(arena);
    double *weight = arena_doubles(arena, F * P), *row = arena_doubles(arena, P),
           *all = arena_doubles(arena, tokens->images);
    spread_find(all, tokens->seen, tokens->images, V, F);
    memcpy(spread, all + first, count * sizeof *spread);
    for (int which = 0; which < 2; ++which) {
        double *explained = which ? other : own;
        regression_fit(weight, tokens, !which, arena);
        for (size_t i = 0; i < count; ++i) {
            explained[i] = spread[i];
            for (size_t j = 0; j < V; ++j) {
                regressor(row, tokens, first + i, j, !which);
                const double *patch = tokens->seen + ((first + i) * V + j) * F;
                explained[i] = less_errors(explained[i], patch, weight, row, F, P);
            }
        }
    }
    arena_reset(arena, mark);
}

// ====== Attention ======

void attention_causes(double *partial, double *plain, const struct tokens *tokens,
                      size_t block, struct arena *arena)
{
    const size_t V = tokens->visible, M = tokens->hidden, F = tokens->features,
                 pairs = M * V, n = tokens->images, mark = arena_mark(arena);
    double *column[1 + CAUSES];
    for (size_t c = 0; c < 1 + CAUSES; ++c) column[c] = arena_doubles(arena, pairs);
    for (size_t i = 0; i < n; ++i) {
        double given[CAUSES], alone[CAUSES];
        memcpy(column[0], tokens->attention + (i * tokens->blocks + block) * pairs,
               pairs * sizeof(double));
        gemm_doubles(column[1 + CAUSE_SIMILARITY], tokens->truth + i * M * F, PLAIN,
                     tokens->seen + i * V * F, TRANSPOSED, M, V, F, 0);
        memcpy(column[1 + CAUSE_NEARNESS], tokens->nearness + i * pairs,
               pairs * sizeof(double));
        if (tokens->region)
            memcpy(column[1 + CAUSE_REGION], tokens->region + i * pairs,
                   pairs * sizeof(double));
        else
            memset(column[1 + CAUSE_REGION], 0, pairs * sizeof(double));
        for (size_t c = 0; c < 1 + CAUSES; ++c) rows_standardise(column[c], M, V);
        partial_correlations(given, alone, (const double *const *)column, 1 + CAUSES,
                             pairs);
        for (size_t c = 0; c < CAUSES; ++c) {
            partial[c * n + i] = given[c];
            plain[c * n + i] = alone[c];
        }
    }
    arena_reset(arena, mark);
}

// ====== Ridge against similarity ======

double lambda_of(size_t l)
{
    return pow(10, .5 * (double)l - 3);
}

// u (n,F) with all its singular values made equal, their mean square unchanged.
static void decorrelate(double *out, const double *u, size_t n, size_t f,
                        struct arena *arena)
{
    struct decomposition svd;
    if (decompose(&svd, u, n, f, arena))
        die(EXIT_SYSTEM, "a set of patches did not converge (report this)");
    const double scale = sqrt(squared_norm(svd.s, svd.r) / (double)svd.r);
    for (size_t i = 0; i < n * svd.r; ++i) svd.u[i] *= scale;
    gemm_doubles(out, svd.u, PLAIN, svd.vt, PLAIN, n, f, svd.r, 0);
}

void ridge_cosines(double *cosines, const struct tokens *tokens, size_t images,
                   enum combination combination, struct arena *arena)
{
    const int of_tokens = combination == OF_TOKENS;
    const size_t V = tokens->visible, M = tokens->hidden,
                 width = of_tokens ? tokens->width : tokens->features;
    for (size_t i = 0; i < images; ++i) {
        const size_t mark = arena_mark(arena);
        double *u = arena_doubles(arena, V * width), *a = arena_doubles(arena, V),
               *similarity = arena_doubles(arena, V);
        memcpy(u, (of_tokens ? tokens->encoded : tokens->seen) + i * V * width,
               V * width * sizeof *u);
        const double *x =
            (of_tokens ? tokens->predicted : tokens->truth) + (i * M + i % M) * width;
        if (combination == OF_DECORRELATED) decorrelate(u, u, V, width, arena);
        const double norm = squared_norm(u, V * width) / (double)V;
        for (size_t l = 0; l < LAMBDAS; ++l) {
            const struct ridge ridge = {V, width, u, lambda_of(l) * norm};
            if (ridge_weights(a, &ridge, x, arena))
                die(EXIT_SYSTEM, "a ridge regression did not converge (report this)");
            ridge_similarity(similarity, &ridge, x);
            cosines[l * images + i] = cosine(a, similarity, V);
        }
        arena_reset(arena, mark);
    }
}
