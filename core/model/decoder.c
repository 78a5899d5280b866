#include "core/model/decoder.h"

#include <string.h>

void decoder_list(struct parameters *parameters, size_t base,
                  const struct mae_shape *shape)
{
    const size_t D = (size_t)shape->width, T = shape_tokens(shape),
                 F = shape_patch(shape);
#define AT(member) offsetof(struct decoder, member)
    const struct parameter_entry before[] = {
        {"mask_token", AT(mask_token), 3, {1, 1, D}, INITIAL_NORMAL, 0},
        {"pos_embedding", AT(positions), 3, {T + 1, 1, D}, INITIAL_NORMAL, 0},
    };
    const struct parameter_entry after[] = {
        {"head.weight", AT(head.weight), 2, {F, D}, INITIAL_FAN_IN, D},
        {"head.bias", AT(head.bias), 1, {F}, INITIAL_FAN_IN, D},
    };
    parameters_list(parameters, "decoder.", base, before,
                    sizeof before / sizeof *before);
    vit_list(parameters, "decoder.", base + AT(vit), shape->decoder_blocks, D);
    parameters_list(parameters, "decoder.", base, after, sizeof after / sizeof *after);
#undef AT
}

void decoder_trace_open(struct decoder_trace *trace, enum arithmetic arithmetic,
                        const struct mae_shape *shape, size_t images, size_t visible,
                        struct reserve *reserve)
{
    const size_t T = shape_tokens(shape), F = shape_patch(shape),
                 hidden = size_product(images, T - visible);
    trace->shape = (struct attention_shape){.images = images,
                                            .tokens = T + 1,
                                            .width = (size_t)shape->width,
                                            .heads = (size_t)shape->decoder_heads};
    trace->y = reserve_reals(
        reserve, size_product(attention_rows(&trace->shape), trace->shape.width));
    vit_trace_open(&trace->vit, shape->decoder_blocks, arithmetic, &trace->shape,
                   reserve);
    activation_open_from_reals(&trace->head_input, arithmetic,
                               attention_rows(&trace->shape), trace->shape.width,
                               reserve);
    activation_open_from_reals(&trace->dprediction, arithmetic, size_product(images, T),
                               F, reserve);
    trace->prediction =
        reserve_reals(reserve, size_product(size_product(images, T), F));
    trace->hidden = reserve_bytes(reserve, size_product(hidden, sizeof(int32_t)));
    trace->y_hidden = reserve_reals(reserve, size_product(hidden, trace->shape.width));
    trace->dy_hidden = reserve_reals(reserve, size_product(hidden, trace->shape.width));
    trace->hidden_patches = reserve_reals(reserve, size_product(hidden, F));
}

// The row of an image's z for patch t: 1 + its rank among the visible patches, 0 when t is hidden.
// Called for t = 0, 1, ... in turn, from *rank = 0, it merges two ascending lists.
static size_t next_row(size_t *rank, const int32_t *visible, size_t visible_count,
                       size_t t)
{
    if (*rank == visible_count || (size_t)visible[*rank] != t) return 0;
    return ++*rank;
}

// y = [z_cls; unshuffle(z, mask token)] + pos'
static void unshuffle_forward(real *y, const real *z, const struct decoder *decoder,
                              const struct mae_input *input, size_t tokens,
                              size_t width)
{
    const size_t V = input->visible_count, D = width;
    for (size_t b = 0; b < input->images; ++b) {
        const real *z_b = z + b * (V + 1) * D;
        real *y_b = y + b * (tokens + 1) * D;
        for (size_t i = 0; i < D; ++i) y_b[i] = z_b[i] + decoder->positions[i];
        size_t rank = 0;
        for (size_t t = 0; t < tokens; ++t) {
            const size_t row = next_row(&rank, input->visible + b * V, V, t);
            const real *token = row ? z_b + row * D : decoder->mask_token;
            const real *position = decoder->positions + (t + 1) * D;
            real *y_bt = y_b + (t + 1) * D;
            for (size_t i = 0; i < D; ++i) y_bt[i] = token[i] + position[i];
        }
    }
}

// dz (B,V+1,D), the mask token's and the positions' gradients are overwritten.
static void unshuffle_backward(real *dz, const struct decoder *ddecoder, const real *dy,
                               const struct mae_input *input, size_t tokens,
                               size_t width)
{
    const size_t V = input->visible_count, D = width;
    memset(ddecoder->mask_token, 0, D * sizeof(real));
    memset(ddecoder->positions, 0, (tokens + 1) * D * sizeof(real));
    for (size_t b = 0; b < input->images; ++b) {
        real *dz_b = dz + b * (V + 1) * D;
        const real *dy_b = dy + b * (tokens + 1) * D;
        for (size_t i = 0; i < (tokens + 1) * D; ++i) ddecoder->positions[i] += dy_b[i];
        memcpy(dz_b, dy_b, D * sizeof(real));
        size_t rank = 0;
        for (size_t t = 0; t < tokens; ++t) {
            const size_t row = next_row(&rank, input->visible + b * V, V, t);
            const real *dy_bt = dy_b + (t + 1) * D;
            if (row)
                memcpy(dz_b + row * D, dy_bt, D * sizeof(real));
            else
                for (size_t i = 0; i < D; ++i) ddecoder->mask_token[i] += dy_bt[i];
        }
    }
}

// ====== Hidden patches alone ======

// Whether the pass may leave out what only predicts visible patches.
static int leaves_out(const struct decoder_trace *trace, const struct mae_input *input,
                      const struct mae_shape *shape)
{
    const int last = shape->decoder_blocks - 1;
    return input->hidden_only && last >= 0 &&
           block_leaves_out(trace->vit.block[last].kind) &&
           input->visible_count < shape_tokens(shape);
}

static struct token_list hidden_list(const struct decoder_trace *trace,
                                     const struct mae_input *input, size_t tokens)
{
    return (struct token_list){trace->hidden, tokens - input->visible_count};
}

static void hidden_find(int32_t *hidden, const struct mae_input *input, size_t tokens)
{
    const size_t V = input->visible_count;
    for (size_t b = 0; b < input->images; ++b) {
        size_t rank = 0;
        for (size_t t = 0; t < tokens; ++t)
            if (!next_row(&rank, input->visible + b * V, V, t))
                *hidden++ = (int32_t)(t + 1);
    }
}

// The row in (B,T,F) of hidden patch i of all B M.
static size_t patch_row(struct token_list hidden, size_t i, size_t tokens)
{
    return i / hidden.count * tokens + (size_t)hidden.token[i] - 1;
}

static void hidden_forward(struct decoder_trace *trace, struct block_work *work,
                           const struct decoder *decoder, const struct mae_input *input,
                           size_t tokens, size_t patch, int last)
{
    const struct token_list hidden = hidden_list(trace, input, tokens);
    const size_t R = input->images * hidden.count, F = patch;
    hidden_find(trace->hidden, input, tokens);
    block_forward_some(trace->y_hidden, trace->y, &trace->vit.block[last], work,
                       &decoder->vit.block[last], &trace->shape, hidden);
    trace->head_input = activation_from_reals(&trace->head_input, trace->y_hidden, R);
    linear_forward(trace->hidden_patches,
                   activation_operand_a(&trace->head_input, 0, 0), &decoder->head,
                   work->arithmetic, R, F, trace->shape.width, 0);
    for (size_t i = 0; i < R; ++i)
        memcpy(trace->prediction + patch_row(hidden, i, tokens) * F,
               trace->hidden_patches + i * F, F * sizeof(real));
}

static void hidden_backward(const struct decoder *ddecoder, real *dy,
                            const real *dprediction, struct decoder_trace *trace,
                            struct block_work *work, const struct decoder *decoder,
                            const struct mae_input *input, size_t tokens, size_t patch,
                            int last)
{
    const struct token_list hidden = hidden_list(trace, input, tokens);
    const size_t R = input->images * hidden.count, F = patch, D = trace->shape.width;
    for (size_t i = 0; i < R; ++i)
        memcpy(trace->hidden_patches + i * F,
               dprediction + patch_row(hidden, i, tokens) * F, F * sizeof(real));
    const struct activation dout =
        activation_from_reals(&trace->dprediction, trace->hidden_patches, R);
    linear_backward_input(trace->dy_hidden, activation_operand_a(&dout, 0, 0),
                          &decoder->head, work->arithmetic, R, F, D);
    linear_backward_weight(ddecoder->head.weight, &dout, 0, &trace->head_input, 0,
                           work->storage, R, F, D, 0);
    linear_backward_bias(ddecoder->head.bias, trace->hidden_patches, R, F);
    block_backward_some(dy, trace->dy_hidden, &ddecoder->vit.block[last],
                        &trace->vit.block[last], work, &decoder->vit.block[last],
                        &trace->shape, hidden);
}

// ====== All patches ======

void decoder_forward(struct decoder_trace *trace, struct block_work *work,
                     const struct decoder *decoder, const real *z,
                     const struct mae_input *input, const struct mae_shape *shape)
{
    const size_t T = shape_tokens(shape), D = trace->shape.width,
                 F = shape_patch(shape);
    const int some = leaves_out(trace, input, shape),
              whole = shape->decoder_blocks - some;
    unshuffle_forward(trace->y, z, decoder, input, T, D);
    vit_forward(trace->y, &trace->vit, work, &decoder->vit, whole, &trace->shape);
    if (some) {
        hidden_forward(trace, work, decoder, input, T, F, whole);
        return;
    }

    // The head predicts no pixels for the class token: it runs over each image's T patch rows.
    trace->head_input =
        activation_from_reals(&trace->head_input, trace->y, input->images * (T + 1));
    for (size_t b = 0; b < input->images; ++b)
        linear_forward(trace->prediction + b * T * F,
                       activation_operand_a(&trace->head_input, b * (T + 1) + 1, 0),
                       &decoder->head, work->arithmetic, T, F, D, 0);
}

// dy (B,T+1,D) from the head, which has no gradient for the class token.
static void head_backward(const struct decoder *ddecoder, real *dy,
                          const real *dprediction, struct decoder_trace *trace,
                          struct block_work *work, const struct decoder *decoder,
                          const struct mae_input *input, size_t tokens, size_t patch)
{
    const size_t T = tokens, F = patch, D = trace->shape.width;
    const struct activation dout =
        activation_from_reals(&trace->dprediction, dprediction, input->images * T);
    for (size_t b = 0; b < input->images; ++b) {
        real *dy_b = dy + b * (T + 1) * D;
        memset(dy_b, 0, D * sizeof(real));
        linear_backward_input(dy_b + D, activation_operand_a(&dout, b * T, 0),
                              &decoder->head, work->arithmetic, T, F, D);
        linear_backward_weight(ddecoder->head.weight, &dout, b * T, &trace->head_input,
                               b * (T + 1) + 1, work->storage, T, F, D, b > 0);
    }
    linear_backward_bias(ddecoder->head.bias, dprediction, input->images * T, F);
}

void decoder_backward(const struct decoder *ddecoder, real *dz, real *dy,
                      const real *dprediction, struct decoder_trace *trace,
                      struct block_work *work, const struct decoder *decoder,
                      const struct mae_input *input, const struct mae_shape *shape)
{
    const size_t T = shape_tokens(shape), D = trace->shape.width,
                 F = shape_patch(shape);
    const int some = leaves_out(trace, input, shape),
              whole = shape->decoder_blocks - some;
    if (some)
        hidden_backward(ddecoder, dy, dprediction, trace, work, decoder, input, T, F,
                        whole);
    else
        head_backward(ddecoder, dy, dprediction, trace, work, decoder, input, T, F);
    vit_backward(dy, &ddecoder->vit, &trace->vit, work, &decoder->vit, whole,
                 &trace->shape);
    unshuffle_backward(dz, ddecoder, dy, input, T, D);
}
