#include "core/analysis/pair_losses.h"

#include <criterion/criterion.h>
#include <math.h>

#include "tests/ending.h"
#include "tests/expect_close.h"

enum { N = 9, F = 4 };

static struct arena arena;
static double x[N * F], m[N * F];

static void open_tokens(void)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    arena_open_growing(&arena, "test");
    for (size_t i = 0; i < N * F; ++i) {
        x[i] = fabs(rng_normal(&rng));
        m[i] = rng_normal(&rng) / 4 + .1;
    }
}

static void close_tokens(void)
{
    arena_close(&arena);
}

TestSuite(pair_losses, .init = open_tokens, .fini = close_tokens);

Test(pair_losses, three_ways_give_one_loss)
{
    const struct pair_losses loss = pair_losses(m, x, N, F, &arena);
    const double w = loss.weight,
                 sums = loss.constant + loss.attraction + loss.repulsion,
                 means = loss.constant - 2 * w * loss.positive + w * w * loss.negative;
    expect_close(&sums, &loss.spectral, 1, 1e-13, 1e-13);
    expect_close(&means, &loss.spectral, 1, 1e-13, 1e-13);
}

// Tokens 1 and 2: weights 1 2 / 2 4, degrees 3 and 6, W = 9; predictions 3 and 0.
Test(pair_losses, terms_by_hand)
{
    const double tokens[] = {1, 2}, prediction[] = {3, 0};
    const struct pair_losses loss = pair_losses(prediction, tokens, 2, 1, &arena);
    const double found[] = {loss.weight,    loss.constant, loss.attraction,
                            loss.repulsion, loss.positive, loss.negative},
                 expected[] = {9,     1. / 9 + 2 * 4. / 18 + 16. / 36, -6, 81, 3. / 9,
                               9. / 9};
    expect_close(found, expected, 6, 1e-14, 0);
}

Test(pair_losses, samples_agree_with_the_sums)
{
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, 0);
    const struct pair_losses loss = pair_losses(m, x, N, F, &arena);
    const struct pair_samples samples = pair_samples(m, x, N, F, 40000, &rng, &arena);
    cr_expect_lt(fabs(samples.positive - loss.positive), 4 * samples.positive_error);
    cr_expect_lt(fabs(samples.negative - loss.negative), 4 * samples.negative_error);
    cr_expect_lt(samples.positive_error, .02 * fabs(loss.positive) + 1e-3);
}

BREAKS(pair_losses, a_negative_weight_is_no_probability, "pairs.weights[i] >= 0")
{
    struct rng rng = rng_open(2, PURPOSE_TEST, 0, 0);
    const double tokens[] = {1, 0, -.1, 1};
    pair_samples(tokens, tokens, 2, 2, 10, &rng, &arena);
}
