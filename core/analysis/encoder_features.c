#include "core/analysis/encoder_features.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/analysis/last_block.h"
#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/lock.h"
#include "core/data/patches.h"
#include "core/train/infer.h"

struct outputs {
    const struct encoder_source *source;
    const struct last_block *block;
    struct attention_shape shape; // INFER_CHUNK, T + 1, D, H
    float *rows, *summary;        // as encoder_features_compute's
};

// One thread's memory.
struct workspace {
    struct mae_activations *activations;
    struct block_trace trace;
    struct block_work work;
    real *patches;                    // (INFER_CHUNK,T,F)
    int32_t *visible;                 // (INFER_CHUNK,T)
    real *x, *normed, *normal, *rstd; // (INFER_CHUNK,T+1,D) thrice, (INFER_CHUNK,T+1)
};

static void *workspace_open(struct arena *arena, const void *context)
{
    const struct outputs *outputs = context;
    const struct mae *mae = outputs->source->mae;
    const struct attention_shape *shape = &outputs->shape;
    const size_t T = shape_tokens(&mae->shape), rows = attention_rows(shape),
                 numbers = size_product(rows, shape->width);
    struct workspace *work = arena_take(arena, 1, sizeof *work);
    struct reserve reserve = {.arena = arena, .mode = INFER};
    work->activations = mae_activations_open(mae, INFER_CHUNK, T, FP32, INFER, arena);
    block_trace_open(&work->trace, FP32, shape, &reserve);
    block_work_open(&work->work, FP32, shape, 0, &reserve);
    work->patches = arena_reals(arena, INFER_CHUNK * T * shape_patch(&mae->shape));
    work->visible = arena_take(arena, INFER_CHUNK * T, sizeof *work->visible);
    for (size_t i = 0; i < INFER_CHUNK * T; ++i) work->visible[i] = (int32_t)(i % T);
    work->x = arena_reals(arena, numbers);
    work->normed = arena_reals(arena, numbers);
    work->normal = arena_reals(arena, numbers);
    work->rstd = arena_reals(arena, rows);
    return work;
}

// The rows that the last block reads: the class row as it is, then every token after LN1.
static void put_rows(float *out, const real *x, const real *normed, size_t tokens,
                     size_t width)
{
    for (size_t i = 0; i < width; ++i) out[i] = (float)x[i];
    for (size_t i = 0; i < tokens * width; ++i) out[width + i] = (float)normed[i];
}

// The class token's row, and the mean of the others, added in order. Returns 1 when some number
// is not finite.
static int put_summary(float *out, const real *tokens, size_t count, size_t width)
{
    int finite = 1;
    for (size_t i = 0; i < width; ++i) {
        double sum = 0;
        for (size_t t = 1; t < count; ++t) sum += (double)tokens[t * width + i];
        out[SUMMARY_CLASS * width + i] = (float)tokens[i];
        out[SUMMARY_MEAN * width + i] = (float)(sum / (double)(count - 1));
    }
    for (size_t i = 0; i < SUMMARY_ROWS * width; ++i) finite &= isfinite(out[i]) != 0;
    return !finite;
}

// work->x = the tokens before the last block, of whole images.
static void encode(struct workspace *work, const struct infer_chunk *chunk,
                   const struct outputs *outputs)
{
    const struct mae *mae = outputs->source->mae;
    const size_t T = shape_tokens(&mae->shape), F = shape_patch(&mae->shape);
    for (size_t b = 0; b < INFER_CHUNK; ++b)
        patches_of_image(work->patches + b * T * F, outputs->source->images,
                         chunk->image[b], mae->shape.patch);
    const struct mae_input input = {.images = INFER_CHUNK,
                                    .visible_count = T,
                                    .patches = work->patches,
                                    .visible = work->visible};
    const real *tokens = mae_encode(work->activations, mae, chunk->weights, &input,
                                    mae->shape.encoder_blocks - 1);
    memcpy(work->x, tokens,
           attention_rows(&outputs->shape) * outputs->shape.width * sizeof *work->x);
}

static int pass(const struct infer_chunk *chunk, void *context)
{
    const struct outputs *outputs = context;
    const struct last_block *block = outputs->block;
    const size_t T = outputs->shape.tokens, D = outputs->shape.width, one = T * D;
    struct workspace *work = chunk->workspace;
    encode(work, chunk, outputs);
    if (outputs->rows) {
        layernorm_forward(work->normed, work->normal, work->rstd, work->x,
                          &block->block.norm1, INFER_CHUNK * T, D);
        for (size_t b = 0; b < chunk->count; ++b)
            put_rows(outputs->rows + (chunk->first + b) * (T + 1) * D,
                     work->x + b * one, work->normed + b * one, T, D);
    }
    block_forward(work->x, &work->trace, &work->work, &block->block, &outputs->shape);
    layernorm_forward(work->normed, work->normal, work->rstd, work->x, &block->norm,
                      INFER_CHUNK * T, D);
    int overflow = 0;
    for (size_t b = 0; b < chunk->count; ++b)
        overflow |=
            put_summary(outputs->summary + (chunk->first + b) * SUMMARY_ROWS * D,
                        work->normed + b * one, T, D);
    return overflow;
}

int encoder_features_compute(float *block, float *summary,
                             const struct encoder_source *source)
{
    const struct mae_shape *shape = &source->mae->shape;
    require(source->mae->variant.mixing == MIXING_ATTENTION,
            "the last block of an encoder that mixes no tokens");
    struct arena arena;
    struct last_block last;
    arena_open_growing(&arena, "last block");
    last_block_open(&last, source->mae, source->weights, &arena);
    struct outputs outputs = {.source = source,
                              .block = &last,
                              .shape = {INFER_CHUNK, shape_tokens(shape) + 1,
                                        (size_t)shape->width,
                                        (size_t)shape->encoder_heads}};
    outputs.rows = block;
    outputs.summary = summary;
    const struct infer infer = {.parameters = &source->mae->parameters,
                                .weights = source->weights,
                                .images = source->images->count,
                                .threads = source->threads,
                                .label = "encode",
                                .workspace = workspace_open,
                                .pass = pass,
                                .context = &outputs};
    int overflow = infer_run(&infer);
    arena_close(&arena);
    return overflow;
}

// key (HASH_HEX) = a digest of everything that the rows are a function of.
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

// Whether the files are there, whole and of these keys.
static int files_open(struct encoder_features *features, char (*path)[PATH_SIZE],
                      char (*key)[HASH_HEX], int with_block)
{
    if ((!with_block || features_open(&features->block, path[0], key[0])) &&
        features_open(&features->summary, path[1], key[1]))
        return 1;
    features_close(&features->block);
    return 0;
}

int encoder_features_open(struct encoder_features *features, const char *folder,
                          const char *name, const char *salt, int with_block,
                          const struct encoder_source *source)
{
    const size_t T = shape_tokens(&source->mae->shape),
                 D = (size_t)source->mae->shape.width, n = source->images->count;
    char path[2][PATH_SIZE], key[2][HASH_HEX], locked[PATH_SIZE];
    path_format(path[0], "%s/%s-block.features", folder, name);
    path_format(path[1], "%s/%s-summary.features", folder, name);
    source_key(key[0], source, salt, "last block's input, normed");
    source_key(key[1], source, salt, "class token and mean token");
    const struct encoder_features wanted = {
        .block = {.images = n, .rows = T + LAST_BLOCK_ROWS, .width = D},
        .summary = {.images = n, .rows = SUMMARY_ROWS, .width = D}};
    *features = wanted;
    const int there = file_exists(path[1]); // what is written last
    if (there && files_open(features, path, key, with_block)) return 0;

    // Made in memory and written whole, then used from the file like any later time. Another
    // program that needs them waits and finds them, or replaces them once they are open here.
    path_format(locked, "%s/%s.lock", folder, name);
    folder_make(folder);
    const int lock = lock_take(locked, name, "another encoding");
    if (!there && files_open(features, path, key, with_block)) {
        close(lock);
        return 0;
    }
    struct encoder_features made = wanted;
    struct arena arena;
    size_t block = with_block ? size_product(n, (T + LAST_BLOCK_ROWS) * D) : 0,
           summary = size_product(n, SUMMARY_ROWS * D);
    arena_open_growing(&arena, "features");
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
    if (!overflow && !files_open(features, path, key, with_block))
        die(EXIT_SYSTEM, "%s: cannot be read back (check the disk)", path[1]);
    close(lock);
    return overflow;
}

void encoder_features_close(struct encoder_features *features)
{
    features_close(&features->block);
    features_close(&features->summary);
}
