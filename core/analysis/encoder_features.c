#include "core/analysis/encoder_features.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/analysis/last_block.h"
#include "core/base/die.h"
#include "core/base/files.h"
#include "core/train/checkpoint.h"
#include "core/train/encode.h"
#include "core/train/engine.h"

enum { PIECE = 16, PIECE_FENCE = 256 };
// Bytes of tokens that are encoded before the last block sees them.
static const size_t SLAB_BYTES = (size_t)512 << 20;

/// One thread's memory for the last block over all tokens of a piece.
struct room {
    struct arena arena;
    struct block_trace trace;
    struct block_work work;
    real *x, *normed, *normal, *rstd; ///< (PIECE,T+1,D) thrice, (PIECE,T+1)
};

struct pass {
    const struct encoder_source *source;
    const struct last_block *block;
    struct attention_shape shape; ///< PIECE, T + 1, D, H
    struct room *rooms;           ///< (threads)
    const float *tokens;          ///< (count,T+1,D) before the last block
    size_t first, count;          ///< images of the slab
    float *rows, *summary;        ///< as encoder_features_compute's
    atomic_int overflow;
};

static void room_open(struct room *room, const struct attention_shape *shape)
{
    const size_t rows = attention_rows(shape), thin = size_product(rows, shape->width);
    struct reserve counted = {.mode = INFER};
    block_trace_open(&room->trace, FP32, shape, &counted);
    block_work_open(&room->work, FP32, shape, 0, &counted);
    arena_open(&room->arena, "last block",
               counted.bytes + size_product(3 * thin + rows, sizeof(real)) +
                   64 * PIECE_FENCE);
    struct reserve reserve = {.arena = &room->arena, .mode = INFER};
    block_trace_open(&room->trace, FP32, shape, &reserve);
    block_work_open(&room->work, FP32, shape, 0, &reserve);
    room->x = arena_reals(&room->arena, thin);
    room->normed = arena_reals(&room->arena, thin);
    room->normal = arena_reals(&room->arena, thin);
    room->rstd = arena_reals(&room->arena, rows);
}

/// The rows that the last block's stage reads: the class row as it is, every token as LN1 leaves it.
static void put_rows(float *out, const real *x, const real *normed, size_t tokens,
                     size_t width)
{
    for (size_t i = 0; i < width; ++i) out[i] = (float)x[i];
    for (size_t i = 0; i < tokens * width; ++i) out[width + i] = (float)normed[i];
}

/// The class token's row, and the mean of the others, added in order.
static void put_summary(float *out, const real *tokens, size_t count, size_t width)
{
    for (size_t i = 0; i < width; ++i) {
        double sum = 0;
        for (size_t t = 1; t < count; ++t) sum += (double)tokens[t * width + i];
        out[SUMMARY_CLASS * width + i] = (float)tokens[i];
        out[SUMMARY_MEAN * width + i] = (float)(sum / (double)(count - 1));
    }
}

/// Places past the end repeat the last image.
static void piece_item(size_t piece, int worker, void *context)
{
    struct pass *pass = context;
    struct room *room = &pass->rooms[worker];
    const size_t T = pass->shape.tokens, D = pass->shape.width, one = T * D;
    const size_t first = piece * PIECE, rest = pass->count - first;
    for (size_t b = 0; b < PIECE; ++b) {
        const float *tokens = pass->tokens + (first + (b < rest ? b : rest - 1)) * one;
        for (size_t i = 0; i < one; ++i) room->x[b * one + i] = (real)tokens[i];
    }
    const size_t images = rest < PIECE ? rest : PIECE, at = pass->first + first;
    if (pass->rows) {
        layernorm_forward(room->normed, room->normal, room->rstd, room->x,
                          &pass->block->block.norm1, PIECE * T, D);
        for (size_t b = 0; b < images; ++b)
            put_rows(pass->rows + (at + b) * (T + 1) * D, room->x + b * one,
                     room->normed + b * one, T, D);
    }
    block_forward(room->x, &room->trace, &room->work, &pass->block->block,
                  &pass->shape);
    layernorm_forward(room->normed, room->normal, room->rstd, room->x,
                      &pass->block->norm, PIECE * T, D);
    int finite = 1;
    for (size_t b = 0; b < images; ++b) {
        float *summary = pass->summary + (at + b) * SUMMARY_ROWS * D;
        put_summary(summary, room->normed + b * one, T, D);
        for (size_t i = 0; i < SUMMARY_ROWS * D; ++i)
            finite &= isfinite(summary[i]) != 0;
    }
    if (!finite) atomic_store(&pass->overflow, 1);
}

/// Encodes images first .. first+count-1 up to the last block, whole.
static int encode_slab(float *tokens, float *pixels, int32_t *shown,
                       const struct encoder_source *source, size_t first, size_t count)
{
    const size_t T = shape_tokens(&source->mae->shape);
    for (size_t i = 0; i < count * IMAGE_BYTES; ++i)
        pixels[i] = (float)pixel_value(source->images->pixels[first * IMAGE_BYTES + i]);
    for (size_t i = 0; i < count * T; ++i) shown[i] = (int32_t)(i % T);
    const struct encoding encoding = {.mae = source->mae,
                                      .weights = source->weights,
                                      .layer = source->mae->shape.encoder_blocks - 1,
                                      .images = pixels,
                                      .count = count,
                                      .visible = T,
                                      .shown = shown,
                                      .threads = source->threads};
    return encode_images(tokens, NULL, &encoding);
}

int encoder_features_compute(float *block, float *summary,
                             const struct encoder_source *source)
{
    const struct mae_shape *shape = &source->mae->shape;
    const size_t T = shape_tokens(shape), D = (size_t)shape->width,
                 n = source->images->count, one = (T + 1) * D;
    size_t most = SLAB_BYTES / (one * sizeof(float)) / PIECE * PIECE;
    if (most > n) most = n;

    struct arena arena;
    arena_open_growing(&arena, "features");
    struct last_block last;
    last_block_open(&last, source->mae, source->weights, &arena);
    float *tokens = arena_take(&arena, most, one * sizeof *tokens),
          *pixels = arena_take(&arena, most, IMAGE_BYTES * sizeof *pixels);
    int32_t *shown = arena_take(&arena, most, T * sizeof *shown);
    struct pass pass = {.source = source,
                        .block = &last,
                        .shape = {PIECE, T + 1, D, (size_t)shape->encoder_heads},
                        .tokens = tokens};
    pass.rows = block;
    pass.summary = summary;
    const size_t threads = (size_t)source->threads;
    pass.rooms = calloc(threads, sizeof *pass.rooms);
    if (!pass.rooms) die(EXIT_SYSTEM, "no memory for %zu threads", threads);
    for (size_t w = 0; w < threads; ++w) room_open(&pass.rooms[w], &pass.shape);
    struct engine *engine = engine_open(source->threads, 0, 0);
    int overflow = 0;
    for (pass.first = 0; pass.first < n; pass.first += pass.count) {
        pass.count = n - pass.first < most ? n - pass.first : most;
        overflow |= encode_slab(tokens, pixels, shown, source, pass.first, pass.count);
        engine_each(engine, (pass.count + PIECE - 1) / PIECE, piece_item, &pass);
    }
    engine_close(engine);
    for (size_t w = 0; w < threads; ++w) arena_close(&pass.rooms[w].arena);
    free(pass.rooms);
    arena_close(&arena);
    return overflow || atomic_load(&pass.overflow);
}

/// key (HASH_HEX) = the name of everything that the rows are a function of.
static void source_key(char key[HASH_HEX], const struct encoder_source *source,
                       const char *salt, const char *rows)
{
    char weights[HASH_HEX], text[1024];
    slab_digest(weights, source->weights, source->mae->parameters.count);
    int length =
        snprintf(text, sizeof text, "%s\n%s\n%s\nheads %d\n%s\n", rows, weights,
                 source->images->digest, source->mae->shape.encoder_heads, salt);
    require(length > 0 && (size_t)length < sizeof text, "a salt of %zu bytes",
            strlen(salt));
    hash_bytes(key, text, (size_t)length);
}

int encoder_features_open(struct encoder_features *features, const char *folder,
                          const char *name, const char *salt, int with_block,
                          const struct encoder_source *source)
{
    const size_t T = shape_tokens(&source->mae->shape),
                 D = (size_t)source->mae->shape.width, n = source->images->count;
    char path[2][PATH_SIZE], key[2][HASH_HEX];
    path_format(path[0], "%s/%s-block.features", folder, name);
    path_format(path[1], "%s/%s-summary.features", folder, name);
    source_key(key[0], source, salt, "last block's input, normed");
    source_key(key[1], source, salt, "class token and mean token");
    const struct encoder_features wanted = {
        .block = {.images = n, .rows = T + LAST_BLOCK_ROWS, .width = D},
        .summary = {.images = n, .rows = SUMMARY_ROWS, .width = D}};
    *features = wanted;
    int have = (!with_block || features_open(&features->block, path[0], key[0])) &&
               features_open(&features->summary, path[1], key[1]);
    if (have) return 0;
    encoder_features_close(features);

    // Made in memory and written whole, then used from the file like any later time.
    struct encoder_features made = wanted;
    struct arena arena;
    size_t block = with_block ? size_product(n, (T + LAST_BLOCK_ROWS) * D) : 0,
           summary = size_product(n, SUMMARY_ROWS * D);
    arena_open(&arena, "features",
               size_product(block + summary, sizeof(float)) + 4 * PIECE_FENCE);
    float *rows = with_block ? arena_take(&arena, block, sizeof *rows) : NULL,
          *summaries = arena_take(&arena, summary, sizeof *summaries);
    int overflow = encoder_features_compute(rows, summaries, source);
    made.block.data = rows;
    made.summary.data = summaries;
    if (!overflow) {
        if (with_block) features_write(&made.block, path[0], key[0]);
        features_write(&made.summary, path[1], key[1]);
    }
    arena_close(&arena);
    if (overflow) return 1;
    *features = wanted;
    if ((with_block && !features_open(&features->block, path[0], key[0])) ||
        !features_open(&features->summary, path[1], key[1]))
        die(EXIT_SYSTEM, "%s: cannot be read back (check the disk)", path[1]);
    return 0;
}

void encoder_features_close(struct encoder_features *features)
{
    features_close(&features->block);
    features_close(&features->summary);
}
