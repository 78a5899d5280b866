#include "core/data/images.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/cifar10.h"
#include "core/data/planted.h"

static void *bytes_take(size_t count, size_t size)
{
    void *bytes = calloc(count ? count : 1, size);
    if (!bytes) die(EXIT_SYSTEM, "images: no memory for %zu x %zu bytes", count, size);
    return bytes;
}

void images_open(struct images *images, const char *name, size_t count,
                 int with_regions)
{
    images_open_square(images, name, count, IMAGE_SIDE, NULL);
    if (with_regions) images->regions = bytes_take(count, REGION_GRID * REGION_GRID);
}

void images_open_square(struct images *images, const char *name, size_t count, int side,
                        const float *values)
{
    require(side > 0, "images of side %d", side);
    *images =
        (struct images){.count = count, .side = side, .name = name, .values = values};
    images->labels = bytes_take(count, sizeof *images->labels);
    images->pixels = bytes_take(count, IMAGE_CHANNELS * (size_t)side * (size_t)side);
}

void images_free(struct images *images)
{
    free(images->labels);
    free(images->pixels);
    free(images->regions);
    *images = (struct images){0};
}

static int data_is_planted(const char *data)
{
    int planted = strcmp(data, "planted") == 0;
    require(planted || strcmp(data, "cifar10") == 0, "no data set '%s'", data);
    return planted;
}

static uint64_t planted_seed(enum split split)
{
    return split == SPLIT_TRAIN ? PLANTED_TRAIN_SEED : PLANTED_TEST_SEED;
}

static size_t planted_count(enum split split)
{
    return split == SPLIT_TRAIN ? PLANTED_TRAIN : PLANTED_TEST;
}

void images_load(struct images *images, const char *data, enum split split)
{
    if (data_is_planted(data)) {
        planted_make(images, planted_seed(split), planted_count(split), PLANTED_NOISE);
        return;
    }
    char folder[PATH_SIZE];
    if (!cifar10_locate(folder))
        die(EXIT_INPUT,
            "%s: CIFAR-10 is not here (run `make data`, or set CIFAR10_DIR to a folder "
            "with the files of its binary version)",
            folder);
    cifar10_load(images, folder, split);
}

void images_digest(char hex[HASH_HEX], const char *data, enum split split)
{
    if (data_is_planted(data))
        planted_digest(hex, planted_seed(split), planted_count(split), PLANTED_NOISE);
    else
        memcpy(hex, cifar10_digest(split), HASH_HEX);
}

size_t images_count(const char *data, enum split split)
{
    return data_is_planted(data) ? planted_count(split) : cifar10_count(split);
}

void images_record_digest(char hex[HASH_HEX], const struct images *images, size_t image)
{
    strcpy(hex, images_part(images, image, 1).digest);
}

struct images images_part(const struct images *from, size_t first, size_t count)
{
    require(first <= from->count && count <= from->count - first,
            "images %zu and %zu more of %zu", first, count, from->count);
    const size_t bytes = IMAGE_CHANNELS * (size_t)from->side * (size_t)from->side;
    struct images part = {.count = count,
                          .side = from->side,
                          .labels = from->labels + first,
                          .pixels = from->pixels + first * bytes,
                          .name = from->name,
                          .values = from->values};
    struct hash hash;
    hash_open(&hash);
    for (size_t i = 0; i < count; ++i) {
        const uint8_t label = (uint8_t)part.labels[i];
        hash_add(&hash, &label, 1);
        hash_add(&hash, part.pixels + i * bytes, bytes);
    }
    hash_close(part.digest, &hash);
    return part;
}

double pixel_value(uint8_t byte)
{
    // b / 127.5 - 1 rounds twice, and differently for b and 255 - b; this rounds once.
    return (2.0 * byte - 255.0) / 255.0;
}
