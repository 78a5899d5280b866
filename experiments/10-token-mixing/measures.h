// What is measured of one small training.
#ifndef MASKBOOK_TOKEN_MIXING_MEASURES_H
#define MASKBOOK_TOKEN_MIXING_MEASURES_H

#include "experiments/10-token-mixing/arms.h"

/// A model that has been trained, and the scratch of its measures.
struct trained {
    struct arms *arms;
    struct arm *arm;
    size_t seed, tokens, width; // its number; T, D
    struct recipe recipe;
    struct mae mae;
    real *weights;
    struct arena *arena;
};

/// Fills the arm's values of this seed.
void measure_training(const struct trained *one);

/// heads (H) = the region on which each head of the last encoder block puts more than half of the
/// class token's attention to patches, of one scene; `regions` where none has so much. tokens
/// (T+1,D) the block's input; truth (T). Returns how many regions some head has chosen.
size_t head_regions(uint8_t *heads, const struct mae *mae, const real *weights,
                    const float *tokens, const uint8_t *truth, size_t regions,
                    struct arena *arena);

#endif
