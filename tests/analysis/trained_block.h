// A tiny model with weights that are nowhere 0 or 1, some images' tokens before its last block, and
// what the block and the final norm make of them: by the model's own block over all tokens.
#ifndef MASKBOOK_TESTS_ANALYSIS_TRAINED_BLOCK_H
#define MASKBOOK_TESTS_ANALYSIS_TRAINED_BLOCK_H

#include "core/analysis/last_block.h"
#include "core/model/block.h"
#include "tests/model/gradient.h"

enum {
    WORLD_IMAGES = 6,
    WORLD_TOKENS = 17,
    WORLD_WIDTH = 48,
    WORLD_ROWS = WORLD_TOKENS + 1
};

struct world {
    struct arena arena;
    struct mae mae;
    real *weights;
    struct last_block block;
    real *stream;    // (images, tokens, D) before the last block
    float *features; // (images, rows, D) as last_block.h says
    const float *rows[WORLD_IMAGES];
};

static inline void world_open(struct world *world)
{
    const struct mae_shape shape = {32, 3, 8, WORLD_WIDTH, 2, 1, 3, 3};
    arena_open_growing(&world->arena, "test");
    mae_open(&world->mae, &shape, &world->arena);
    world->weights = normal_reals(&world->arena, world->mae.parameters.count, .2, 1);
    last_block_open(&world->block, &world->mae, world->weights, &world->arena);

    const size_t D = WORLD_WIDTH, T = WORLD_TOKENS;
    world->stream = normal_reals(&world->arena, WORLD_IMAGES * T * D, 1, 2);
    world->features = arena_take(&world->arena, WORLD_IMAGES * WORLD_ROWS * D, 4);
    real normed[WORLD_TOKENS * WORLD_WIDTH], normal[WORLD_TOKENS * WORLD_WIDTH],
        rstd[WORLD_TOKENS];
    for (size_t b = 0; b < WORLD_IMAGES; ++b) {
        real *x = world->stream + b * T * D;
        float *row = world->features + b * WORLD_ROWS * D;
        // Floats, so that features and stream are the same numbers in double too.
        for (size_t i = 0; i < T * D; ++i) x[i] = (real)(float)x[i];
        layernorm_forward(normed, normal, rstd, x, &world->block.block.norm1, T, D);
        for (size_t i = 0; i < D; ++i) row[i] = (float)x[i];
        for (size_t i = 0; i < T * D; ++i) row[D + i] = (float)normed[i];
        world->rows[b] = row;
    }
}

// f (images, D): the class token after the model's own block and norm.
static inline void world_plain(real *f, struct world *world)
{
    const size_t D = WORLD_WIDTH, T = WORLD_TOKENS;
    const struct attention_shape shape = {WORLD_IMAGES, T, D, 3};
    struct reserve reserve = {.arena = &world->arena, .mode = TRAIN};
    struct block_trace trace;
    struct block_work work;
    block_trace_open(&trace, FP32, &shape, &reserve);
    block_work_open(&work, FP32, &shape, 0, &reserve);
    real *x = arena_reals(&world->arena, WORLD_IMAGES * T * D);
    memcpy(x, world->stream, WORLD_IMAGES * T * D * sizeof *x);
    block_forward(x, &trace, &work, &world->block.block, &shape);
    real normal[WORLD_WIDTH], rstd[1];
    for (size_t b = 0; b < WORLD_IMAGES; ++b)
        layernorm_forward(f + b * D, normal, rstd, x + b * T * D, &world->block.norm, 1,
                          D);
}

static inline void world_close(struct world *world)
{
    arena_close(&world->arena);
}

#endif
