#include "experiments/10-token-mixing/statements.h"

#include <math.h>
#include <stdio.h>

#include "core/analysis/adapter.h"
#include "core/analysis/batch_norm.h"
#include "core/model/norm.h"

// What each shows is told in main.c.

// ====== Batch normalisation before a probe ======

// A probe after batch normalisation by fixed statistics, and one logit of it for one token.
struct probe {
    size_t width;
    const double *x, *mean, *deviation, *weight;
    double bias;
};

static struct probe draw_probe(struct draw *draw)
{
    const size_t n = draw_size(draw, 2, 200);
    double *deviation = draw_normals(draw, n);
    for (size_t i = 0; i < n; ++i) deviation[i] = exp(deviation[i]);
    return (struct probe){n,         draw_normals(draw, n), draw_normals(draw, n),
                          deviation, draw_normals(draw, n), rng_normal(&draw->rng)};
}

// After: sum w (x - m) / s + b; before: sum w' x + b', w' = w / s, b' = b - sum w' m.
static double folded(struct draw *draw)
{
    const struct probe p = draw_probe(draw);
    double after = p.bias, before = 0, constant = p.bias, size = 2 * fabs(p.bias);
    for (size_t i = 0; i < p.width; ++i) {
        const double w = p.weight[i] / p.deviation[i];
        after += p.weight[i] * ((p.x[i] - p.mean[i]) / p.deviation[i]);
        constant -= w * p.mean[i];
        before += w * p.x[i];
        size += 2 * fabs(w) * (fabs(p.x[i]) + fabs(p.mean[i]));
    }
    return draw_residual(draw, after, before + constant, size, (double)p.width + 3);
}

// 1 when batch normalisation adds nothing: the linear layer has the probe's logits.
static double not_needed(struct draw *draw, char note[CHECK_NOTE])
{
    const double residual = folded(draw);
    snprintf(note, CHECK_NOTE, "one linear layer gives the logits to %.1g", residual);
    return residual <= draw->rounding;
}

// Class tokens of four images, each with two patch tokens: (4,3,2), class token first.
enum { IMAGES = 4, TOKENS = 3, WIDTH = 2 };

// What the head of a probe with batch normalisation sees of the images, as core/analysis/probe.c
// makes it: the adapter of the class token, then the batch's own statistics.
static void head_input(real *out, const float *tokens, struct arena *arena)
{
    const struct adapter adapter = adapter_none(0, WIDTH);
    real in[IMAGES * WIDTH], mean[WIDTH] = {0}, variance[WIDTH] = {1, 1};
    const float *images[IMAGES];
    struct batch_norm norm = {mean, variance};
    for (size_t b = 0; b < IMAGES; ++b) images[b] = tokens + b * TOKENS * WIDTH;
    adapter.forward(in, NULL, images, adapter.open(&adapter, IMAGES, arena));
    batch_norm_train(out, &norm, in, IMAGES, WIDTH);
}

// 1 when the class tokens after batch normalisation do not know their images' other tokens.
static double other_tokens(struct draw *draw, char note[CHECK_NOTE])
{
    float tokens[IMAGES * TOKENS * WIDTH];
    real before[IMAGES * WIDTH], after[IMAGES * WIDTH];
    for (size_t i = 0; i < IMAGES * TOKENS * WIDTH; ++i)
        tokens[i] = (float)rng_normal(&draw->rng);
    head_input(before, tokens, draw->arena);
    for (size_t i = WIDTH; i < TOKENS * WIDTH; ++i) tokens[i] += 1;
    head_input(after, tokens, draw->arena);
    int blind = 1;
    for (size_t i = 0; i < IMAGES * WIDTH; ++i) blind &= before[i] == after[i];
    tokens[TOKENS * WIDTH] += 1; // the class token of the second image
    head_input(after, tokens, draw->arena);
    snprintf(
        note, CHECK_NOTE,
        "the same bits when its image's patch tokens change; another image's class "
        "token moves it by %.2g",
        fabs((double)(after[0] - before[0])));
    return blind;
}

// ====== Layer normalisation and batch normalisation ======

static double three_equal_tokens(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    enum { T = 3, D = 2 };
    const real x[T * D] = {1, -1, 1, -1, 1, -1};
    real weight[D] = {1, 1}, bias[D] = {0, 0}, normal[T * D], rstd[T * D],
         out[2][T * D];
    const struct layernorm layer = {.weight = weight, .bias = bias};
    double square[2] = {0, 0}, distance = 0;
    for (int n = 0; n < 2; ++n) {
        const enum norm norm = n ? NORM_BATCH : NORM_LAYER;
        norm_begin(normal, rstd, x, norm, 1, T, D);
        norm_forward(out[n], normal, rstd, x, &layer, norm, T, D);
        for (size_t i = 0; i < D; ++i) square[n] += (double)(out[n][i] * out[n][i]);
    }
    for (size_t i = 0; i < T * D; ++i)
        distance += fabs((double)(out[0][i] - out[1][i]));
    snprintf(note, CHECK_NOTE,
             "three tokens (1,-1): squared norm %.3g after a layer norm, %.3g after a "
             "batch norm over tokens",
             square[0], square[1]);
    return distance;
}

// The lines of a matrix: its rows, or its columns.
struct lines {
    size_t count, length, first, step; // numbers from line to line, and along a line
};

// y = (x - mean) / deviation of each line, without epsilon. Returns the sum of (|x| + mean |x|) /
// deviation over all but the first.
static double normalise(double *y, const double *x, struct lines of)
{
    double terms = 0;
    for (size_t l = 0; l < of.count; ++l) {
        const double *from = x + l * of.first;
        double mean = 0, square = 0, modulus = 0;
        for (size_t i = 0; i < of.length; ++i) {
            mean += from[i * of.step];
            modulus += fabs(from[i * of.step]);
        }
        mean /= (double)of.length;
        for (size_t i = 0; i < of.length; ++i)
            square += (from[i * of.step] - mean) * (from[i * of.step] - mean);
        const double deviation = sqrt(square / (double)of.length);
        for (size_t i = 0; i < of.length; ++i)
            y[l * of.first + i * of.step] = (from[i * of.step] - mean) / deviation;
        if (l > 0) terms += 2 * modulus / deviation;
    }
    return terms;
}

// Numbers of each token, or of each feature, times a positive scale, and one token more (or
// feature) that is another: what a norm makes of the rest may not change.
static double own_scale(struct draw *draw)
{
    const size_t T = draw_size(draw, 4, 32), D = draw_size(draw, 4, 32);
    const int by_token = draw->number % 2 == 0;
    const struct lines lines =
        by_token ? (struct lines){T, D, D, 1} : (struct lines){D, T, 1, D};
    double *x = draw_normals(draw, T * D), *before = arena_doubles(draw->arena, T * D),
           *after = arena_doubles(draw->arena, T * D), error = 0;
    double size = normalise(before, x, lines);
    for (size_t l = 0; l < lines.count; ++l) {
        const double scale = exp(rng_normal(&draw->rng));
        for (size_t i = 0; i < lines.length; ++i) {
            double *number = &x[l * lines.first + i * lines.step];
            *number = l == 0 ? rng_normal(&draw->rng) : scale * *number;
        }
    }
    size += normalise(after, x, lines);
    for (size_t l = 1; l < lines.count; ++l)
        for (size_t i = 0; i < lines.length; ++i) {
            const size_t at = l * lines.first + i * lines.step;
            error += fabs(after[at] - before[at]);
        }
    return draw_residual(draw, error, 0, size, (double)(2 * (T + D)));
}

// ====== The last qkv ======

// The class token's output, of tokens 1 (its own) and 0, when all three weights are w.
static double attended(double w)
{
    const double own = exp(w * 1 * w * 1), other = exp(w * 1 * w * 0);
    return own / (own + other) * w;
}

static double doubled(struct draw *draw, char note[CHECK_NOTE])
{
    (void)draw;
    snprintf(note, CHECK_NOTE,
             "tokens 1 and 0, weights 1: output %.3f; weights 2: %.3f", attended(1),
             attended(2));
    return fabs(attended(2) - 2 * attended(1));
}

// One number of the class token's output, for attention p and values of weights v.
static double output(const double *p, const double *x, const double *v, size_t tokens,
                     size_t width, double *size)
{
    double sum = 0;
    for (size_t t = 0; t < tokens; ++t) {
        double value = 0, moduli = 0;
        for (size_t i = 0; i < width; ++i) {
            value += x[t * width + i] * v[i];
            moduli += fabs(x[t * width + i] * v[i]);
        }
        sum += p[t] * value;
        *size += p[t] * moduli;
    }
    return sum;
}

static double linear_values(struct draw *draw)
{
    const size_t T = draw_size(draw, 2, 40), D = draw_size(draw, 2, 40);
    double *p = draw_normals(draw, T), total = 0, size = 0, two = 0, unused = 0;
    const double *x = draw_normals(draw, T * D), *v = draw_normals(draw, D),
                 *w = draw_normals(draw, D), a = rng_normal(&draw->rng);
    double *combined = arena_doubles(draw->arena, D);
    for (size_t t = 0; t < T; ++t) total += p[t] = exp(p[t]);
    for (size_t t = 0; t < T; ++t) p[t] /= total;
    for (size_t i = 0; i < D; ++i) combined[i] = a * v[i] + w[i];
    const double left = output(p, x, combined, T, D, &unused),
                 right = a * output(p, x, v, T, D, &size) + output(p, x, w, T, D, &two);
    return draw_residual(draw, left, right, 2 * (fabs(a) * size + two),
                         (double)(T + D) + 3);
}

const struct check statements[STATEMENTS] = {
    {"remark4.7.batch-norm", .violation = three_equal_tokens, .draws = 1,
     .test = "three equal tokens"},
    {"remark4.7.batch-norm.corrected", .residual = own_scale,
     .test = "4 to 32 tokens and features"},
    {"section5.2.bn-nonlinear", .violation = not_needed, .draws = 1,
     .test = "a random probe"},
    {"section5.2.bn-nonlinear.corrected", .residual = folded,
     .test = "2 to 200 features"},
    {"section5.2.bn-mixing", .violation = other_tokens, .draws = 1,
     .test = "four images"},
    {"section6.3.linear", .violation = doubled, .draws = 1, .test = "two tokens"},
    {"section6.3.linear.corrected", .residual = linear_values,
     .test = "2 to 40 tokens and features"},
};
