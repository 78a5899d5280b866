#include "core/analysis/pair_losses.h"

#include <math.h>

#include "core/analysis/token_graph.h"
#include "core/base/die.h"
#include "core/linalg/frobenius.h"

// What all pairs need: weights w and products u_i.u_j (n,n), degrees (n), and N (n,F).
struct pairs {
    double *weights, *products, *degrees, *factor;
};

static struct pairs pairs_open(const double *m, const double *x, size_t n, size_t width,
                               struct arena *arena)
{
    struct pairs pairs = {arena_doubles(arena, n * n), arena_doubles(arena, n * n),
                          arena_doubles(arena, n), arena_doubles(arena, n * width)};
    graph_degrees(pairs.degrees, x, n, width, arena);
    graph_factor(pairs.factor, x, pairs.degrees, n, width);
    row_products(pairs.weights, x, n, x, n, width);
    row_products(pairs.products, m, n, m, n, width);
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j)
            pairs.products[i * n + j] /=
                sqrt(pairs.degrees[i]) * sqrt(pairs.degrees[j]);
    return pairs;
}

struct pair_losses pair_losses(const double *m, const double *x, size_t n, size_t width,
                               struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    const struct pairs pairs = pairs_open(m, x, n, width, arena);
    struct pair_losses loss = {0};
    double moduli = 0;
    for (size_t i = 0; i < n; ++i) loss.weight += pairs.degrees[i];
    for (size_t i = 0; i < n; ++i)
        for (size_t j = 0; j < n; ++j) {
            const double w = pairs.weights[i * n + j], u = pairs.products[i * n + j],
                         both = pairs.degrees[i] * pairs.degrees[j];
            loss.constant += w * w / both;
            loss.attraction -= 2 * w * u;
            loss.repulsion += both * u * u;
            loss.positive += w / loss.weight * u;
            loss.negative += both / (loss.weight * loss.weight) * u * u;
            moduli += 2 * fabs(w * u);
        }
    loss.spectral = spectral_loss(m, pairs.factor, n, width, arena);
    // Inner products of tokens, too, lose what their moduli sum to.
    const double spread =
        squared_norm(m, n * width) + squared_norm(pairs.factor, n * width);
    loss.size =
        loss.spectral + loss.constant + moduli + loss.repulsion + spread * spread;
    arena_reset(arena, mark);
    return loss;
}

// The first index whose cumulative weight exceeds a uniform share of the total.
static size_t pick(const double *cumulative, size_t count, struct rng *rng)
{
    const double at = rng_uniform(rng) * cumulative[count - 1];
    size_t low = 0, high = count - 1;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (cumulative[middle] > at)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

static void mean_and_error(double *mean, double *error, double sum, double squares,
                           size_t draws)
{
    *mean = sum / (double)draws;
    *error =
        sqrt(fmax(squares / (double)draws - *mean * *mean, 0) / (double)(draws - 1));
}

struct pair_samples pair_samples(const double *m, const double *x, size_t n,
                                 size_t width, size_t draws, struct rng *rng,
                                 struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    const struct pairs pairs = pairs_open(m, x, n, width, arena);
    double *positives = arena_doubles(arena, n * n), *nodes = arena_doubles(arena, n);
    double sum[2] = {0}, squares[2] = {0};
    for (size_t i = 0; i < n * n; ++i) {
        require(pairs.weights[i] >= 0, "a weight of %g is no probability",
                pairs.weights[i]);
        positives[i] = pairs.weights[i] + (i ? positives[i - 1] : 0);
    }
    for (size_t i = 0; i < n; ++i) nodes[i] = pairs.degrees[i] + (i ? nodes[i - 1] : 0);
    for (size_t d = 0; d < draws; ++d) {
        const double together = pairs.products[pick(positives, n * n, rng)];
        const size_t i = pick(nodes, n, rng), j = pick(nodes, n, rng);
        const double apart = pow(pairs.products[i * n + j], 2);
        sum[0] += together;
        squares[0] += together * together;
        sum[1] += apart;
        squares[1] += apart * apart;
    }
    struct pair_samples found;
    mean_and_error(&found.positive, &found.positive_error, sum[0], squares[0], draws);
    mean_and_error(&found.negative, &found.negative_error, sum[1], squares[1], draws);
    arena_reset(arena, mark);
    return found;
}
