#include "experiments/08-visible-tokens/tokens.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "core/stats/summary.h"
#include "tests/experiments/08-visible-tokens/unrelated.h"

static struct arena scratch(void)
{
    struct arena arena;
    arena_open_growing(&arena, "test");
    return arena;
}

// Random spans of 4 dimensions of 7 hold 4/7 of a vector, whichever image they come from.
Test(tokens, unrelated_tokens_are_spanned_as_well_by_another_image)
{
    struct arena arena = scratch();
    const struct tokens tokens = unrelated();
    double own[N], other[N];
    span_shares(own, other, &tokens, SPACE_ENCODER, &arena);
    cr_expect_float_eq(mean(own, N), 4. / 7, .05);
    cr_expect_float_eq(mean(other, N), 4. / 7, .05);
    arena_close(&arena);
}

// The opposite: each hidden token is a combination of its image's visible ones.
Test(tokens, combinations_lie_in_the_span_of_their_own_image)
{
    struct arena arena = scratch();
    const struct tokens tokens = unrelated();
    double own[N], other[N];
    combine();
    span_shares(own, other, &tokens, SPACE_ENCODER, &arena);
    for (size_t i = 0; i < N; ++i) cr_expect_float_eq(own[i], 1, 1e-12);
    cr_expect_lt(mean(other, N), .7);
    arena_close(&arena);
}

static double share(const double *kept, const double *spread, size_t n)
{
    return mean(kept, n) / mean(spread, n);
}

Test(tokens, outputs_that_equal_the_patches_explain_all_and_others_nothing)
{
    const struct tokens tokens = unrelated();
    double kept[N], spread[N];
    outputs_explain(kept, spread, &tokens, 0);
    cr_expect_float_eq(share(kept, spread, N), -1, .3, "the variances add up");
    memcpy(painted, seen, sizeof painted);
    outputs_explain(kept, spread, &tokens, 0);
    cr_expect_eq(share(kept, spread, N), 1);
    outputs_explain(kept, spread, &tokens, 1);
    cr_expect_float_eq(share(kept, spread, N), -1, .3, "hidden places are others");
    for (size_t i = 0; i < N * M * F; ++i) guessed[i] = truth[i] / 2;
    outputs_explain(kept, spread, &tokens, 1);
    cr_expect_float_eq(share(kept, spread, N), .75, .02, "half of each number is left");
}

// Of six pixels of one channel the mean keeps a sixth of their variance, on average over draws.
Test(tokens, a_patch_of_one_colour_is_explained_by_it_and_noise_is_not)
{
    const struct tokens tokens = unrelated();
    double kept[N], spread[N];
    colours_explain(kept, spread, &tokens, 1);
    cr_expect_float_eq(share(kept, spread, N), 1. / F, .1);
    colours_explain(kept, spread, &tokens, F);
    cr_expect_float_eq(share(kept, spread, N), 1, 1e-12, "a channel of one pixel");
    for (size_t r = 0; r < N * V; ++r)
        for (size_t f = 1; f < F; ++f) seen[r * F + f] = seen[r * F];
    colours_explain(kept, spread, &tokens, 1);
    cr_expect_float_eq(share(kept, spread, N), 1, 1e-12);
}

// Tokens hold the numbers of the patch in the first six of seven, scaled: another image's do not.
Test(tokens, a_linear_map_finds_the_patch_in_its_own_token_alone)
{
    struct arena arena = scratch();
    const struct tokens tokens = unrelated();
    double own[N], other[N], spread[N];
    tokens_explain(own, other, spread, &tokens, &arena);
    cr_expect_lt(share(own, spread, N / 2), .1, "nothing is planted");
    for (size_t r = 0; r < N * V; ++r)
        for (size_t f = 0; f < F; ++f) decoded[r * D + f] = 3 * seen[r * F + f];
    tokens_explain(own, other, spread, &tokens, &arena);
    cr_expect_gt(share(own, spread, N / 2), .999);
    cr_expect_lt(share(other, spread, N / 2), .1);
    arena_close(&arena);
}

// One cause at a time is planted, and the others do not get its part.
Test(tokens, attention_follows_the_cause_that_is_planted)
{
    struct arena arena = scratch();
    const struct tokens tokens = unrelated();
    double partial[CAUSES * N], plain[CAUSES * N], noise[N * PAIRS];
    for (size_t cause = 0; cause < CAUSES; ++cause) {
        normals(noise, N * PAIRS, 50);
        for (size_t p = 0; p < N * PAIRS; ++p) {
            attention[p] = .3 * noise[p] + (cause == CAUSE_SIMILARITY ? pixel_product(p)
                                            : cause == CAUSE_NEARNESS ? nearness[p]
                                                                      : region[p]);
        }
        attention_causes(partial, plain, &tokens, 0, &arena);
        for (size_t c = 0; c < CAUSES; ++c)
            if (c == cause)
                cr_expect_gt(mean(partial + c * N, N), .8, "cause %zu", c);
            else
                cr_expect_lt(fabs(mean(partial + c * N, N)), .15, "%zu for %zu", c,
                             cause);
    }
    arena_close(&arena);
}

// Attention follows nearness, and so does similarity: alone it is correlated, given nearness not.
Test(tokens, what_only_goes_with_a_cause_gets_no_part_of_it)
{
    struct arena arena = scratch();
    struct tokens tokens = unrelated();
    double partial[CAUSES * N], plain[CAUSES * N], noise[N * PAIRS];
    normals(noise, N * PAIRS, 60);
    tokens.region = NULL;
    for (size_t p = 0; p < N * PAIRS; ++p) {
        nearness[p] = pixel_product(p) + 2 * nearness[p];
        attention[p] = nearness[p] + 2 * noise[p];
    }
    attention_causes(partial, plain, &tokens, 0, &arena);
    cr_expect_gt(mean(plain + CAUSE_SIMILARITY * N, N), .25);
    // Rows of four numbers are standardised, which bends the planted lines a little.
    cr_expect_lt(fabs(mean(partial + CAUSE_SIMILARITY * N, N)), .2);
    cr_expect_gt(mean(partial + CAUSE_NEARNESS * N, N), .4);
    cr_expect_eq(mean(partial + CAUSE_REGION * N, N), 0, "regions are not known");
    arena_close(&arena);
}

Test(tokens, decorrelated_patches_have_the_weights_of_the_lemma)
{
    struct arena arena = scratch();
    const struct tokens tokens = unrelated();
    double cosines[LAMBDAS * N];
    ridge_cosines(cosines, &tokens, N, OF_DECORRELATED, &arena);
    for (size_t i = 0; i < LAMBDAS * N; ++i) cr_expect_float_eq(cosines[i], 1, 1e-12);
    ridge_cosines(cosines, &tokens, N, OF_PATCHES, &arena);
    cr_expect_lt(mean(cosines, N), .95, "at the least lambda");
    cr_expect_gt(mean(cosines + (LAMBDAS - 1) * N, N), .999, "at the largest");
    cr_expect_float_eq(lambda_of(6), 1, 1e-15);
    arena_close(&arena);
}
