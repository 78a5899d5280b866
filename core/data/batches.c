#include "core/data/batches.h"

#include <math.h>

#include "core/base/die.h"
#include "core/base/rng.h"

void batches_open(struct batches *batches, size_t images, size_t batch, uint64_t seed,
                  struct arena *arena)
{
    require(images > 0 && images < UINT32_MAX && batch > 0,
            "batches of %zu from %zu images", batch, images);
    *batches = (struct batches){.images = images, .batch = batch, .seed = seed};
    for (size_t i = 0; i < 2; ++i) {
        batches->order[i] = arena_take(arena, images, sizeof *batches->order[i]);
        batches->epoch[i] = UINT32_MAX;
    }
}

// The permutation of `epoch`. Adjacent epochs use different slots, so a batch that spans two epochs
// computes neither permutation twice.
static const uint32_t *batches_order(struct batches *batches, uint32_t epoch)
{
    size_t slot = epoch % 2;
    if (batches->epoch[slot] != epoch) {
        struct rng rng = rng_open(batches->seed, PURPOSE_ORDER, epoch, 0);
        rng_permutation(batches->order[slot], batches->images, &rng);
        batches->epoch[slot] = epoch;
    }
    return batches->order[slot];
}

void batches_take(uint32_t *image, uint32_t *epoch, struct batches *batches,
                  uint64_t update)
{
    require(update < UINT64_MAX / batches->batch - 1, "update %llu",
            (unsigned long long)update);
    for (size_t i = 0; i < batches->batch; ++i) {
        uint64_t position = update * batches->batch + i;
        uint64_t whole = position / batches->images;
        require(whole < UINT32_MAX, "epoch %llu", (unsigned long long)whole);
        epoch[i] = (uint32_t)whole;
        image[i] = batches_order(batches, epoch[i])[position % batches->images];
    }
}

uint64_t batches_updates(size_t images, size_t batch, double epochs)
{
    require(batch > 0 && epochs >= 0 && epochs * (double)images < 0x1p53,
            "%g epochs of %zu images in batches of %zu", epochs, images, batch);
    // Rounding of a fraction of an epoch (0.1 * 50) must not add an update.
    double exact = epochs * (double)images;
    uint64_t taken = (uint64_t)ceil(exact * (1 - 1e-12));
    return taken / batch + (taken % batch != 0);
}
