#include "core/model/parameters.h"

#include "core/base/die.h"
#include "core/base/rng.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

void parameters_open(struct parameters *parameters, size_t capacity,
                     struct arena *arena)
{
    *parameters = (struct parameters){
        .row = arena_take(arena, capacity, sizeof(struct parameter)),
        .capacity = capacity,
    };
}

void parameters_add(struct parameters *parameters, const char *name, int dimensions,
                    const size_t *shape, enum initial initial, size_t fan_in)
{
    require(parameters->rows < parameters->capacity,
            "no row left for %s in a table of %zu", name, parameters->capacity);
    require(strlen(name) < PARAMETER_NAME, "name too long: %s", name);
    require(!parameters_find(parameters, name), "%s is listed twice", name);
    require(dimensions > 0 && dimensions <= PARAMETER_DIMENSIONS,
            "%s has %d dimensions", name, dimensions);
    require(initial != INITIAL_FAN_IN || fan_in > 0, "%s has no fan-in", name);

    struct parameter *row = &parameters->row[parameters->rows++];
    *row = (struct parameter){.dimensions = dimensions,
                              .count = 1,
                              .offset = parameters->count,
                              .initial = initial,
                              .fan_in = fan_in};
    memcpy(row->name, name, strlen(name) + 1);
    for (int i = 0; i < dimensions; ++i) {
        row->shape[i] = shape[i];
        row->count = size_product(row->count, shape[i]);
    }
    parameters->count += row->count;
}

void parameters_list(struct parameters *parameters, const char *prefix, size_t base,
                     const struct parameter_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; ++i) {
        const struct parameter_entry *entry = &entries[i];
        char name[2 * PARAMETER_NAME];
        int length = snprintf(name, sizeof name, "%s%s", prefix, entry->name);
        require(length > 0 && (size_t)length < sizeof name, "name too long: %s%s",
                prefix, entry->name);
        parameters_add(parameters, name, entry->dimensions, entry->shape,
                       entry->initial, entry->fan_in);
        parameters->row[parameters->rows - 1].member = base + entry->member;
    }
}

int parameter_is_operand(const struct parameter *row)
{
    return row->initial == INITIAL_FAN_IN && row->dimensions >= 2;
}

void parameters_bind(void *layers, const struct parameters *parameters,
                     const real *slab)
{
    for (size_t i = 0; i < parameters->rows; ++i) {
        const struct parameter *row = &parameters->row[i];
        real **member = (real **)((char *)layers + row->member);
        *member = (real *)slab + row->offset;
    }
}

// Standard deviation of tokens and positions (public code: trunc_normal_(std=.02)).
static const double NORMAL_DEVIATION = 0.02;
// Where timm's trunc_normal_ truncates by default; an absolute value, not a multiple of std.
static const double NORMAL_LIMIT = 2;

static double initial_value(struct rng *rng, const struct parameter *row)
{
    switch (row->initial) {
    case INITIAL_ZERO:
        return 0;
    case INITIAL_ONE:
        return 1;
    case INITIAL_NORMAL: {
        double value;
        do value = NORMAL_DEVIATION * rng_normal(rng);
        while (fabs(value) > NORMAL_LIMIT);
        return value;
    }
    case INITIAL_FAN_IN:
        return (2 * rng_uniform(rng) - 1) / sqrt((double)row->fan_in);
    }
    require(0, "%s has initialisation %d", row->name, (int)row->initial);
    return NAN;
}

void parameters_initialise(real *slab, const struct parameters *parameters,
                           uint64_t seed)
{
    for (size_t r = 0; r < parameters->rows; ++r) {
        const struct parameter *row = &parameters->row[r];
        struct rng rng = rng_open(seed, PURPOSE_INIT, 0, (uint32_t)r);
        for (size_t i = 0; i < row->count; ++i)
            slab[row->offset + i] = (real)initial_value(&rng, row);
    }
}

const struct parameter *parameters_find(const struct parameters *parameters,
                                        const char *name)
{
    for (size_t i = 0; i < parameters->rows; ++i)
        if (!strcmp(parameters->row[i].name, name)) return &parameters->row[i];
    return NULL;
}

enum { PIECE = 4096 }; // numbers converted at a time

void slab_hash(struct hash *hash, const real *slab, size_t count)
{
    float piece[PIECE];
    for (size_t first = 0; first < count; first += PIECE) {
        size_t length = count - first < PIECE ? count - first : PIECE;
        for (size_t i = 0; i < length; ++i) piece[i] = (float)slab[first + i];
        hash_add(hash, piece, length * sizeof *piece);
    }
}

void slab_digest(char hex[HASH_HEX], const real *slab, size_t count)
{
    struct hash hash;
    hash_open(&hash);
    slab_hash(&hash, slab, count);
    hash_close(hex, &hash);
}

int slab_finite(const real *slab, size_t count)
{
    for (size_t i = 0; i < count; ++i)
        if (!isfinite(slab[i])) return 0;
    return 1;
}
