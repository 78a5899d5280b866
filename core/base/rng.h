/// Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror & Shaw, "Parallel random
/// numbers: as easy as 1, 2, 3", SC'11). A draw is a pure function of (seed, purpose, epoch,
/// index, position), so results depend neither on threads or order nor on where a run was resumed.
#ifndef MASKBOOK_BASE_RNG_H
#define MASKBOOK_BASE_RNG_H

#include <stddef.h>
#include <stdint.h>

/// What a stream is for: streams of two purposes never share random numbers, those of one purpose
/// do when seed, epoch and index are equal. So pretrainings, finetunings and probes of one seed
/// take sets of the same size in the same order (PURPOSE_ORDER), and pretrainings of one seed hide
/// nested masks at different ratios (PURPOSE_MASK). Values are part of every result: append, never
/// renumber.
enum purpose {
    PURPOSE_INIT = 1,      ///< initial weights; index = parameter number
    PURPOSE_ORDER = 2,     ///< the permutation of an epoch; index = 0
    PURPOSE_MASK = 3,      ///< the patch ranking of an image; index = image number
    PURPOSE_TILES = 4,     ///< planted: the texture dictionary; index = texture
    PURPOSE_SCENE = 5,     ///< planted: regions, textures, noise; index = scene
    PURPOSE_BOOTSTRAP = 6, ///< resampling; index = resample number
    PURPOSE_TEST = 7,      ///< random inputs of tests
    PURPOSE_CLUSTER = 8,   ///< k-means++ starts; epoch = restart, index = image
    PURPOSE_PROBE = 9,     ///< initial weights of probes
    /// Of checks: epoch = draw, index = the claim's hash. Of images: one of the two is the image,
    /// the other a constant of the place that draws.
    PURPOSE_THEORY = 10,
};

/// One block of Philox4x32-10: out = philox(counter, key), 10 rounds. tests/base/test_rng.c has the
/// published known answers.
void philox4x32(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2]);

/// A stream; a copy continues independently from the same position.
struct rng {
    uint32_t key[2];     ///< the seed, low word first
    uint32_t counter[4]; ///< position, index, epoch, purpose
    uint32_t block[4];   ///< the current block
    unsigned used;       ///< words of it already drawn, 0..4
};

/// The stream (seed, purpose, epoch, index), at its start.
struct rng rng_open(uint64_t seed, enum purpose purpose, uint32_t epoch,
                    uint32_t index);

/// The next 32 random bits.
uint32_t rng_bits(struct rng *rng);

/// Uniform on {0..n-1}, without bias (Lemire 2019, by rejection). Requires n > 0.
uint32_t rng_below(struct rng *rng, uint32_t n);

/// Uniform on [0,1), a multiple of 2^-53.
double rng_uniform(struct rng *rng);

/// Standard normal by Box-Muller (the cosine branch), from two uniforms.
double rng_normal(struct rng *rng);

/// items (n): put into a uniformly random order (Fisher-Yates, from the last item). Requires
/// n < 2^32.
void rng_shuffle(uint32_t *items, size_t n, struct rng *rng);

/// permutation (n) = a uniformly random permutation of 0..n-1 (Fisher-Yates).
void rng_permutation(uint32_t *permutation, size_t n, struct rng *rng);

#endif
