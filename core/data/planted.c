#include "core/data/planted.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/rng.h"

const double PLANTED_NOISE = 0.05;

// Part of every planted digest: change it with anything that changes a scene.
static const char version[] = "planted-1";

enum {
    TOKENS = REGION_GRID * REGION_GRID,
    TILE_SIDE = IMAGE_SIDE / REGION_GRID,
    TILE_BYTES = IMAGE_CHANNELS * TILE_SIDE * TILE_SIDE,
    GROUND_TEXTURES = 10,
    TEXTURES = IMAGE_CLASSES + GROUND_TEXTURES, // objects' first
    REGIONS_LEAST = 2,
    REGIONS_MOST = 4, // that are drawn
    REGION_TOKENS_LEAST = 2
};

// The byte of a value clipped to [-1,1]; the inverse of pixel_value.
static uint8_t value_byte(double x)
{
    double b = nearbyint((x + 1) * 127.5);
    return (uint8_t)(b < 0 ? 0 : b > 255 ? 255 : b);
}

// The two tiles of each texture, (channel, row, column) like a patch.
struct dictionary {
    uint8_t tiles[TEXTURES][2][TILE_BYTES];
};

static void dictionary_make(struct dictionary *dictionary)
{
    for (uint32_t t = 0; t < TEXTURES; ++t) {
        struct rng rng = rng_open(0, PURPOSE_TILES, 0, t);
        for (size_t parity = 0; parity < 2; ++parity)
            for (size_t i = 0; i < TILE_BYTES; ++i)
                dictionary->tiles[t][parity][i] = value_byte(0.4 * rng_normal(&rng));
    }
}

// A scene before noise.
struct scene {
    size_t regions;                    // k; region 0 is the object
    uint32_t texture[PLANTED_REGIONS]; // in the dictionary
    int negative[PLANTED_REGIONS];     // the sign
    uint8_t region[TOKENS];
};

// A uniformly random direction, from a uniform point in the disc: unlike cos and sin of an angle it
// has the same bits with every C library.
static void direction_draw(double *cosine, double *sine, struct rng *rng)
{
    double p, q, square;
    do {
        p = 2 * rng_uniform(rng) - 1;
        q = 2 * rng_uniform(rng) - 1;
        square = p * p + q * q;
    } while (square > 1 || square == 0);
    *cosine = p / sqrt(square);
    *sine = q / sqrt(square);
}

// The outlines of a scene's regions. The unit of length is a token; the centre of token (row,
// column) is y = row + 1/2, x = column + 1/2.
struct outlines {
    double y, x;                          // centre of the ellipse
    double cosine, sine;                  // its first axis is (cosine, sine) in (y, x)
    double along, across;                 // half-axes
    double cells[PLANTED_REGIONS - 1][2]; // (k-1) centres (y, x) of the ground's cells
};

static void outlines_draw(struct outlines *outlines, size_t regions, struct rng *rng)
{
    outlines->y = 2 + 4 * rng_uniform(rng);
    outlines->x = 2 + 4 * rng_uniform(rng);
    direction_draw(&outlines->cosine, &outlines->sine, rng);
    outlines->along = 1.25 + 1.75 * rng_uniform(rng);
    outlines->across = 1.25 + 1.75 * rng_uniform(rng);
    for (size_t g = 0; g + 1 < regions; ++g)
        for (size_t axis = 0; axis < 2; ++axis)
            outlines->cells[g][axis] = REGION_GRID * rng_uniform(rng);
}

// The region of the token whose centre is (y, x).
static size_t outlines_region(const struct outlines *outlines, size_t regions, double y,
                              double x)
{
    double dy = y - outlines->y, dx = x - outlines->x;
    double u = (outlines->cosine * dy + outlines->sine * dx) / outlines->along;
    double v = (outlines->cosine * dx - outlines->sine * dy) / outlines->across;
    if (u * u + v * v <= 1) return 0;

    size_t nearest = 0;
    double least = INFINITY;
    for (size_t g = 0; g + 1 < regions; ++g) {
        double gy = y - outlines->cells[g][0], gx = x - outlines->cells[g][1];
        double square = gy * gy + gx * gx;
        if (square < least) least = square, nearest = g + 1;
    }
    return nearest;
}

// Draws the region map once. Returns 0 when a region is too small.
static int regions_draw(struct scene *scene, struct rng *rng)
{
    struct outlines outlines;
    outlines_draw(&outlines, scene->regions, rng);
    size_t sizes[PLANTED_REGIONS] = {0};
    for (size_t t = 0; t < TOKENS; ++t) {
        double y = (double)(t / REGION_GRID) + 0.5, x = (double)(t % REGION_GRID) + 0.5;
        size_t region = outlines_region(&outlines, scene->regions, y, x);
        scene->region[t] = (uint8_t)region;
        ++sizes[region];
    }
    for (size_t r = 0; r < scene->regions; ++r)
        if (sizes[r] < REGION_TOKENS_LEAST) return 0;
    return 1;
}

// A scene of so many regions, or with 0 of a number that is drawn.
static void scene_draw(struct scene *scene, size_t regions, struct rng *rng)
{
    scene->texture[0] = rng_below(rng, IMAGE_CLASSES);
    scene->regions =
        regions ? regions
                : REGIONS_LEAST + rng_below(rng, REGIONS_MOST - REGIONS_LEAST + 1);
    while (!regions_draw(scene, rng)) continue;

    uint32_t ground[GROUND_TEXTURES];
    rng_permutation(ground, GROUND_TEXTURES, rng);
    for (size_t r = 1; r < scene->regions; ++r)
        scene->texture[r] = IMAGE_CLASSES + ground[r - 1];
    for (size_t r = 0; r < scene->regions; ++r)
        scene->negative[r] = rng_below(rng, 2) == 1;
}

// pixels (3,32,32) = the scene without noise.
static void scene_paint(uint8_t *pixels, const struct scene *scene,
                        const struct dictionary *dictionary)
{
    for (size_t c = 0; c < IMAGE_CHANNELS; ++c)
        for (size_t y = 0; y < IMAGE_SIDE; ++y)
            for (size_t x = 0; x < IMAGE_SIDE; ++x) {
                size_t row = y / TILE_SIDE, column = x / TILE_SIDE;
                size_t region = scene->region[row * REGION_GRID + column];
                const uint8_t *tile =
                    dictionary->tiles[scene->texture[region]][(row + column) % 2];
                uint8_t byte =
                    tile[(c * TILE_SIDE + y % TILE_SIDE) * TILE_SIDE + x % TILE_SIDE];
                *pixels++ = scene->negative[region] ? (uint8_t)(255 - byte) : byte;
            }
}

// Noise rounded to whole bytes. A pixel is a whole byte before noise, so rounding pixel + noise
// adds the rounded noise, whose few values a table maps from 32 random bits, ten times faster than
// a normal is drawn. Steps beyond 255 act like 255.
struct steps {
    uint64_t below[2 * 255 + 1]; // [s + 255] = 2^32 * P(step <= s); the last is 2^32
    uint16_t start[256];         // where the search starts, by the highest 8 bits
};

static void steps_make(struct steps *steps, double noise)
{
    // P(step <= s) = Phi((s + 1/2) / sigma), sigma in bytes.
    double sigma = 127.5 * noise;
    for (int s = -255; s < 255; ++s) {
        double share = 0.5 * erfc(-(s + 0.5) / (sigma * M_SQRT2));
        steps->below[s + 255] = (uint64_t)(share * 0x1p32);
    }
    steps->below[510] = (uint64_t)1 << 32;
    for (uint64_t high = 0, i = 0; high < 256; ++high) {
        while (steps->below[i] <= high << 24) ++i;
        steps->start[high] = (uint16_t)i;
    }
}

static void noise_add(uint8_t *pixels, const struct steps *steps, struct rng *rng)
{
    for (size_t i = 0; i < IMAGE_BYTES; ++i) {
        uint32_t bits = rng_bits(rng);
        int s = steps->start[bits >> 24];
        while (steps->below[s] <= bits) ++s;
        int byte = pixels[i] + s - 255;
        pixels[i] = (uint8_t)(byte < 0 ? 0 : byte > 255 ? 255 : byte);
    }
}

// All but the digest; regions as in scene_draw.
static void scenes_make(struct images *images, uint64_t seed, size_t count,
                        double noise, size_t regions)
{
    require(noise >= 0 && count < UINT32_MAX, "%zu scenes with noise %g", count, noise);
    struct dictionary dictionary;
    struct steps steps;
    dictionary_make(&dictionary);
    if (noise > 0) steps_make(&steps, noise);
    images_open(images, "planted", count, 1);
    for (size_t i = 0; i < count; ++i) {
        struct rng rng = rng_open(seed, PURPOSE_SCENE, 0, (uint32_t)i);
        struct scene scene;
        scene_draw(&scene, regions, &rng);
        images->labels[i] = (uint16_t)scene.texture[0];
        memcpy(images->regions + i * TOKENS, scene.region, TOKENS);
        scene_paint(images->pixels + i * IMAGE_BYTES, &scene, &dictionary);
        if (noise > 0) noise_add(images->pixels + i * IMAGE_BYTES, &steps, &rng);
    }
}

// The digest, with `more` after the generator's arguments.
static void digest_make(char hex[HASH_HEX], uint64_t seed, size_t count, double noise,
                        const char *more)
{
    char line[160];
    int length =
        snprintf(line, sizeof line, "%s seed %" PRIu64 " count %zu noise %.17g%s",
                 version, seed, count, noise, more);
    require(length > 0 && (size_t)length < sizeof line, "planted: a line of %d bytes",
            length);
    hash_bytes(hex, line, (size_t)length);
}

void planted_digest(char hex[HASH_HEX], uint64_t seed, size_t count, double noise)
{
    digest_make(hex, seed, count, noise, "");
}

void planted_make(struct images *images, uint64_t seed, size_t count, double noise)
{
    scenes_make(images, seed, count, noise, 0);
    planted_digest(images->digest, seed, count, noise);
}

void planted_make_regions(struct images *images, uint64_t seed, size_t count,
                          double noise, size_t regions)
{
    char more[32];
    require(regions >= REGIONS_LEAST && regions <= PLANTED_REGIONS, "%zu regions",
            regions);
    scenes_make(images, seed, count, noise, regions);
    snprintf(more, sizeof more, " regions %zu", regions);
    digest_make(images->digest, seed, count, noise, more);
}
