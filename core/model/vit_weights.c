#include "core/model/vit_weights.h"

#include "core/base/die.h"
#include "core/base/text.h"
#include "core/model/safetensors_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const naming_names[] = {[VIT_OURS] = "ours",
                                           [VIT_FACEBOOK] = "Facebook's",
                                           [VIT_HUGGING_FACE] = "Hugging Face's"};

const char *vit_naming_name(enum vit_naming naming)
{
    return naming_names[naming];
}

// ====== Names ======

// The part of a name of the table after "encoder.", and what published files have in its place.
struct rename {
    const char *ours, *published[2]; // Facebook's, Hugging Face's
};

// Of tensors outside of blocks, in full.
static const struct rename outside[] = {
    {"cls_token", {"cls_token", "embeddings.cls_token"}},
    {"pos_embedding", {"pos_embed", "embeddings.position_embeddings"}},
    {"patchify.", {"patch_embed.proj.", "embeddings.patch_embeddings.projection."}},
    {"layer_norm.", {"norm.", "layernorm."}},
};
// Of tensors of a block, after "transformer.I.". Hugging Face's qkv is three tensors.
static const struct rename inside[] = {
    {"norm1.", {"norm1.", "layernorm_before."}},
    {"attn.qkv.", {"attn.qkv.", "attention.attention.query."}},
    {"attn.proj.", {"attn.proj.", "attention.output.dense."}},
    {"norm2.", {"norm2.", "layernorm_after."}},
    {"mlp.fc1.", {"mlp.fc1.", "intermediate.dense."}},
    {"mlp.fc2.", {"mlp.fc2.", "output.dense."}},
};
enum {
    OUTSIDE = sizeof outside / sizeof *outside,
    INSIDE = sizeof inside / sizeof *inside
};
static const char ENCODER[] = "encoder.", BLOCK[] = "transformer.";
static const char *const block_names[] = {"blocks.", "encoder.layer."};
static const char *const thirds[] = {"query", "key", "value"};

// A file that is being read, and how it names its tensors.
struct source {
    const struct safetensors *file;
    enum vit_naming naming;
    const char *prefix;  // of all of the encoder's names: "" or "vit."
    int finetuned;       // "fc_norm" stands in the place of "norm"
    unsigned char *used; // (file->count) tensors that were read or may be passed over
};

static size_t published(const struct source *source)
{
    return source->naming == VIT_HUGGING_FACE;
}

// out = the text that the table's `tail` begins with, renamed, and the rest of it.
static void rename_tail(char out[TENSOR_NAME], const char *before, const char *tail,
                        const struct rename *renames, size_t count, size_t scheme)
{
    for (size_t i = 0; i < count; ++i)
        if (text_begins(tail, renames[i].ours)) {
            const int length =
                snprintf(out, TENSOR_NAME, "%s%s%s", before,
                         renames[i].published[scheme], tail + strlen(renames[i].ours));
            require(length < TENSOR_NAME, "name too long: %s", tail);
            return;
        }
    require(0, "no published name of '%s'", tail);
}

// out = the file's name of a row of the encoder.
static void published_name(char out[TENSOR_NAME], const struct source *source,
                           const char *name)
{
    const char *tail = name + strlen(ENCODER);
    char before[TENSOR_NAME];
    if (!text_begins(tail, BLOCK)) {
        if (source->finetuned && text_begins(tail, "layer_norm."))
            tensor_name(out, "fc_", strchr(tail, '_') + 1);
        else
            rename_tail(out, source->prefix, tail, outside, OUTSIDE, published(source));
        return;
    }
    char *end;
    const long block = strtol(tail + strlen(BLOCK), &end, 10);
    snprintf(before, sizeof before, "%s%s%ld.", source->prefix,
             block_names[published(source)], block);
    rename_tail(out, before, end + 1, inside, INSIDE, published(source));
}

// ====== Tensors ======

static const struct tensor *tensor_take(struct source *source, const char *name,
                                        const struct parameter *row)
{
    const struct tensor *tensor = tensor_expect(source->file, name, row);
    source->used[tensor - source->file->tensors] = 1;
    return tensor;
}

// Dimension d of a tensor, small enough for an int.
static int side_of(const struct source *source, const char *row, int dimensions, int d)
{
    char name[TENSOR_NAME];
    published_name(name, source, row);
    return weights_side(source->file, name, dimensions, d);
}

static int blocks_of(const struct source *source)
{
    for (int blocks = 0;; ++blocks) {
        char row[TENSOR_NAME], name[TENSOR_NAME];
        snprintf(row, sizeof row, "%s%s%d.norm1.weight", ENCODER, BLOCK, blocks);
        published_name(name, source, row);
        if (!safetensors_find(source->file, name)) return blocks;
    }
}

// Where nothing says otherwise, a ViT-B has 12 heads, a ViT-L and a ViT-H 16.
static int heads_of(const struct source *source, int width, int heads)
{
    if (!heads && !weights_heads(source->file, "heads")) {
        if (width == 768) heads = 12;
        if (width == 1024 || width == 1280) heads = 16;
    }
    return weights_encoder_heads(source->file, width, heads, "HEADS=");
}

static struct mae_shape shape_of(const struct source *source, int heads)
{
    const char *path = source->file->path;
    struct mae_shape shape = {.channels =
                                  side_of(source, "encoder.patchify.weight", 4, 1),
                              .patch = side_of(source, "encoder.patchify.weight", 4, 2),
                              .width = side_of(source, "encoder.patchify.weight", 4, 0),
                              .encoder_blocks = blocks_of(source)};
    const int tokens = side_of(source, "encoder.pos_embedding", 3, 1) - 1;
    int row = 0;
    while (row * row < tokens) ++row;
    if (row * row != tokens || tokens == 0)
        die(EXIT_INPUT, "%s: %d positions are not a square and a class token", path,
            tokens + 1);
    if (shape.encoder_blocks == 0) die(EXIT_INPUT, "%s: has no blocks", path);
    shape.image = row * shape.patch;
    shape.encoder_heads = shape.decoder_heads = heads_of(source, shape.width, heads);
    const char *fault = shape_fault(&shape);
    if (fault || shape.channels != 3)
        die(EXIT_INPUT, "%s: no model here has this shape: %s", path,
            fault ? fault : "its images do not have 3 colours");
    return shape;
}

// Slab row `row` = its tensor, Hugging Face's three for qkv; to NULL: they are only looked at.
static void row_read(real *to, struct source *source, const struct parameter *row)
{
    char name[TENSOR_NAME], rest[TENSOR_NAME];
    published_name(name, source, row->name);
    char *query = strstr(name, thirds[0]);
    if (source->naming != VIT_HUGGING_FACE || !strstr(row->name, ".attn.qkv.")) {
        const struct tensor *tensor = tensor_take(source, name, row);
        if (to) tensor_values(to, tensor);
        return;
    }
    struct parameter third = *row;
    third.shape[0] /= 3;
    third.count /= 3;
    snprintf(rest, sizeof rest, "%s", query + strlen(thirds[0]));
    for (size_t i = 0; i < 3; ++i) {
        snprintf(query, (size_t)(name + TENSOR_NAME - query), "%s%s", thirds[i], rest);
        const struct tensor *tensor = tensor_take(source, name, &third);
        if (to) tensor_values(to + i * third.count, tensor);
    }
}

// The encoder's rows but the positions; slab NULL as above.
static void rows_read(real *slab, struct source *source,
                      const struct parameters *parameters)
{
    const struct parameter *positions =
        parameters_find(parameters, "encoder.pos_embedding");
    for (size_t r = 0; r < parameters->rows; ++r) {
        const struct parameter *row = &parameters->row[r];
        if (row != positions && text_begins(row->name, ENCODER))
            row_read(slab ? slab + row->offset : NULL, source, row);
    }
}

// Positions are published with the class token's before those of the patches.
static const struct tensor *positions_take(struct source *source,
                                           const struct parameter *row)
{
    struct parameter both = *row;
    char name[TENSOR_NAME];
    both.shape[0] = 1;
    both.shape[1] = row->shape[0] + 1;
    both.count = both.shape[1] * row->shape[2];
    published_name(name, source, row->name);
    return tensor_take(source, name, &both);
}

static void positions_read(real *cls_token, real *positions, struct source *source,
                           const struct parameter *row, struct arena *arena)
{
    const size_t D = row->shape[2], T = row->shape[0], mark = arena_mark(arena);
    const struct tensor *tensor = positions_take(source, row);
    real *all = arena_reals(arena, (T + 1) * D);
    tensor_values(all, tensor);
    for (size_t i = 0; i < D; ++i) cls_token[i] += all[i];
    memcpy(positions, all + D, T * D * sizeof *positions);
    arena_reset(arena, mark);
}

static real *head_tensor(struct source *source, const char *name, int dimensions,
                         size_t rows, size_t columns, struct arena *arena)
{
    struct parameter row = {
        .dimensions = dimensions, .shape = {rows, columns}, .count = rows * columns};
    snprintf(row.name, sizeof row.name, "%s", name);
    const struct tensor *tensor = tensor_take(source, name, &row);
    real *to = arena_reals(arena, row.count);
    tensor_values(to, tensor);
    return to;
}

static void head_read(struct vit_head *head, struct source *source, size_t width,
                      struct arena *arena)
{
    const struct tensor *weight = safetensors_find(source->file, "head.weight");
    if (!weight || weight->dimensions != 2)
        die(EXIT_INPUT, "%s: fc_norm, but no 'head.weight' (C,D)", source->file->path);
    head->classes = weight->shape[0];
    head->weight = head_tensor(source, "head.weight", 2, head->classes, width, arena);
    head->bias = head_tensor(source, "head.bias", 1, head->classes, 1, arena);
    head->norm = (struct layernorm){
        .weight = head_tensor(source, "fc_norm.weight", 1, width, 1, arena),
        .bias = head_tensor(source, "fc_norm.bias", 1, width, 1, arena),
        .epsilon = LAYERNORM_PUBLISHED};
}

// A pretraining's decoder, under either scheme.
static int is_passed_over(const char *name)
{
    return text_begins(name, "decoder") || strcmp(name, "mask_token") == 0;
}

static void refuse_unknown(const struct source *source)
{
    const struct safetensors *file = source->file;
    for (size_t i = 0; i < file->count; ++i)
        if (!source->used[i] && !is_passed_over(file->tensors[i].name))
            die(EXIT_INPUT, "%s: tensor '%.100s' is not part of a ViT of %s names",
                file->path, file->tensors[i].name, vit_naming_name(source->naming));
}

// ====== Files ======

// PyTorch's own files are zip archives or, before 1.6, pickles: programs that are run to be read.
static void refuse_pytorch(const char *path)
{
    static const char *const endings[] = {".pth", ".pt", ".bin", ".ckpt"};
    const char *dot = strrchr(path, '.');
    int is = 0;
    for (size_t i = 0; dot && i < sizeof endings / sizeof *endings; ++i)
        is |= strcmp(dot, endings[i]) == 0;
    FILE *file = fopen(path, "rb");
    unsigned char start[2] = {0};
    if (file && fread(start, 1, 2, file) == 2)
        is |= memcmp(start, "PK", 2) == 0 || memcmp(start, "\x80\x02", 2) == 0;
    if (file) fclose(file);
    if (is)
        die(EXIT_INPUT,
            "%s: a PyTorch file, which runs code when it is read (convert it: python3 "
            "tools/pth-to-safetensors FILE.pth FILE.safetensors; or fetch the same "
            "weights as model.safetensors of timm/vit_base_patch16_224.mae)",
            path);
}

static int naming_find(struct source *source)
{
    const struct safetensors *file = source->file;
    if (safetensors_find(file, "encoder.cls_token")) {
        source->naming = VIT_OURS;
    } else if (safetensors_find(file, "cls_token")) {
        source->naming = VIT_FACEBOOK;
        source->finetuned = safetensors_find(file, "fc_norm.weight") != NULL;
    } else {
        source->naming = VIT_HUGGING_FACE;
        source->prefix =
            safetensors_find(file, "vit.embeddings.cls_token") ? "vit." : "";
        if (!*source->prefix && !safetensors_find(file, "embeddings.cls_token"))
            return 0;
    }
    return 1;
}

// The numbers of a file bound those of the slab, its table and what is kept next to it.
static size_t bytes_needed(const struct safetensors *file, int blocks)
{
    size_t numbers = 0;
    for (size_t i = 0; i < file->count; ++i) numbers += file->tensors[i].count;
    return ((size_t)1 << 20) + size_product((size_t)blocks, 8192) +
           size_product(numbers, 4 * sizeof(real)) + file->count;
}

static void published_read(struct vit_weights *vit, struct source *source, int heads)
{
    struct weights *weights = &vit->weights;
    const struct mae_shape shape = shape_of(source, heads);
    struct arena *arena = &weights->arena;
    arena_open(arena, "weights", bytes_needed(source->file, shape.encoder_blocks));
    mae_open_published(&weights->mae, &shape, arena);
    source->used = arena_take(arena, source->file->count, 1);
    memset(source->used, 0, source->file->count);
    const struct parameters *parameters = &weights->mae.parameters;
    const struct parameter *positions =
                               parameters_find(parameters, "encoder.pos_embedding"),
                           *cls_token =
                               parameters_find(parameters, "encoder.cls_token");
    // Every tensor is checked before the slab is taken, whose size follows from a few of them.
    positions_take(source, positions);
    rows_read(NULL, source, parameters);
    weights->slab = arena_zeros(arena, parameters->count);
    rows_read(weights->slab, source, parameters);
    positions_read(weights->slab + cls_token->offset, weights->slab + positions->offset,
                   source, positions, arena);
    if (source->finetuned) head_read(&vit->head, source, (size_t)shape.width, arena);
    refuse_unknown(source);
}

void vit_weights_open(struct vit_weights *vit, const char *path, int heads)
{
    static const char hint[] = "give WEIGHTS=, a file of a ViT in safetensors";
    *vit = (struct vit_weights){0};
    refuse_pytorch(path);
    struct source source = {.file = &vit->weights.file, .prefix = ""};
    safetensors_read(&vit->weights.file, path, hint);
    if (!naming_find(&source))
        die(EXIT_INPUT,
            "%s: none of the class tokens 'encoder.cls_token', 'cls_token' and "
            "'embeddings.cls_token' is there (%s)",
            path, hint);
    vit->naming = source.naming;
    if (source.naming == VIT_OURS) {
        safetensors_free(&vit->weights.file);
        weights_open(&vit->weights, path, hint, heads);
        const struct mae *mae = &vit->weights.mae;
        if (mae->shape.channels != 3 || mae->variant.mixing ||
            mae->shape.encoder_blocks == 0)
            die(EXIT_INPUT,
                "%s: no encoder of colours with blocks that mix tokens (give another)",
                path);
        return;
    }
    published_read(vit, &source, heads);
}

void vit_head_logits(real *logits, const struct vit_head *head, const real *tokens,
                     size_t count, size_t width)
{
    enum { WIDTH_MOST = 8192 };
    real mean[WIDTH_MOST], normed[WIDTH_MOST], normal[WIDTH_MOST], rstd;
    require(head->classes > 0 && count > 1 && width <= WIDTH_MOST,
            "%zu classes, %zu tokens, width %zu", head->classes, count, width);
    for (size_t i = 0; i < width; ++i) {
        double sum = 0;
        for (size_t t = 1; t < count; ++t) sum += (double)tokens[t * width + i];
        mean[i] = (real)(sum / (double)(count - 1));
    }
    layernorm_forward(normed, normal, &rstd, mean, &head->norm, 1, width);
    for (size_t c = 0; c < head->classes; ++c) {
        double sum = (double)head->bias[c];
        for (size_t i = 0; i < width; ++i)
            sum += (double)head->weight[c * width + i] * (double)normed[i];
        logits[c] = (real)sum;
    }
}

void vit_weights_close(struct vit_weights *vit)
{
    weights_close(&vit->weights);
}
