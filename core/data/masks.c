#include "core/data/masks.h"

#include "core/base/die.h"
#include "core/base/rng.h"

enum { TOKENS_MOST = 4096 };

size_t mask_visible(size_t tokens, double ratio)
{
    require(ratio >= 0 && ratio < 1, "mask ratio %g is not in [0,1)", ratio);
    // Truncates the rounded product, as Python's int() does.
    size_t visible = (size_t)((double)tokens * (1 - ratio));
    require(visible > 0, "mask ratio %g leaves none of %zu patches visible", ratio,
            tokens);
    return visible;
}

void mask_draw(int32_t *visible, int32_t *hidden, size_t tokens, double ratio,
               uint64_t seed, uint32_t epoch, uint32_t image)
{
    uint32_t ranking[TOKENS_MOST];
    uint8_t is_visible[TOKENS_MOST] = {0};
    size_t visible_count = mask_visible(tokens, ratio);
    require(tokens <= TOKENS_MOST, "%zu patches", tokens);
    struct rng rng = rng_open(seed, PURPOSE_MASK, epoch, image);
    rng_permutation(ranking, tokens, &rng);
    for (size_t r = 0; r < visible_count; ++r) is_visible[ranking[r]] = 1;
    for (size_t t = 0; t < tokens; ++t) {
        if (is_visible[t])
            *visible++ = (int32_t)t;
        else
            *hidden++ = (int32_t)t;
    }
}
