#include "core/model/encoder.h"

#include "core/base/die.h"
#include "core/base/phase.h"

#include <stdio.h>
#include <string.h>

void encoder_list(struct parameters *parameters, size_t base,
                  const struct mae_shape *shape)
{
    const size_t D = (size_t)shape->width, T = shape_tokens(shape),
                 C = (size_t)shape->channels, p = (size_t)shape->patch,
                 F = shape_patch(shape);
#define AT(member) offsetof(struct encoder, member)
    const struct parameter_entry before[] = {
        {"cls_token", AT(cls_token), 3, {1, 1, D}, INITIAL_NORMAL, 0},
        {"pos_embedding", AT(positions), 3, {T, 1, D}, INITIAL_NORMAL, 0},
        {"patchify.weight", AT(patchify.weight), 4, {D, C, p, p}, INITIAL_FAN_IN, F},
        {"patchify.bias", AT(patchify.bias), 1, {D}, INITIAL_FAN_IN, F},
    };
    const struct parameter_entry after[] = {
        {"layer_norm.weight", AT(norm.weight), 1, {D}, INITIAL_ONE, 0},
        {"layer_norm.bias", AT(norm.bias), 1, {D}, INITIAL_ZERO, 0},
    };
    parameters_list(parameters, "encoder.", base, before,
                    sizeof before / sizeof *before);
    vit_list(parameters, "encoder.", base + AT(vit), shape->encoder_blocks, D);
    parameters_list(parameters, "encoder.", base, after, sizeof after / sizeof *after);
#undef AT
}

void encoder_list_published(struct parameters *parameters, size_t base,
                            const struct mae_shape *shape)
{
    for (int i = 0; i < shape->encoder_blocks; ++i) {
        char prefix[PARAMETER_NAME];
        snprintf(prefix, sizeof prefix, "encoder.transformer.%d.", i);
        block_list_qkv_bias(parameters, prefix,
                            base + offsetof(struct encoder, vit.block) +
                                (size_t)i * sizeof(struct block),
                            (size_t)shape->width);
    }
}

void encoder_norms_published(struct encoder *encoder, const struct mae_shape *shape)
{
    for (int i = 0; i < shape->encoder_blocks; ++i) {
        encoder->vit.block[i].norm1.epsilon = LAYERNORM_PUBLISHED;
        encoder->vit.block[i].norm2.epsilon = LAYERNORM_PUBLISHED;
    }
    encoder->norm.epsilon = LAYERNORM_PUBLISHED;
}

void encoder_trace_open(struct encoder_trace *trace, enum arithmetic arithmetic,
                        const struct mae_shape *shape, size_t images, size_t visible,
                        struct reserve *reserve)
{
    trace->shape = (struct attention_shape){.images = images,
                                            .tokens = visible + 1,
                                            .width = (size_t)shape->width,
                                            .heads = (size_t)shape->encoder_heads};
    const size_t rows = attention_rows(&trace->shape);
    const size_t thin = size_product(rows, trace->shape.width);
    activation_open(&trace->patches, arithmetic, rows, shape_patch(shape), reserve);
    trace->gathered = reserve_reals(reserve, (visible + 1) * shape_patch(shape));
    trace->x = reserve_reals(reserve, thin);
    vit_trace_open(&trace->vit, shape->encoder_blocks, arithmetic, &trace->shape,
                   reserve);
    trace->normal = reserve_reals(reserve, thin);
    trace->rstd = reserve_reals(reserve, rows);
    trace->z = reserve_reals(reserve, thin);
}

static void visible_check(const struct mae_input *input, size_t tokens)
{
    for (size_t b = 0; b < input->images; ++b) {
        int32_t last = -1;
        for (size_t v = 0; v < input->visible_count; ++v) {
            int32_t t = input->visible[b * input->visible_count + v];
            require(t > last && (size_t)t < tokens,
                    "image %zu: visible patch %d after %d, of %zu", b, t, last, tokens);
            last = t;
        }
    }
}

// trace->patches = a zero row for the class token, then the visible patches, and x = what the
// embedding adds to their product with the weight: [cls; b + pos_v]. chunk (V+1,patch).
static void embedding_gather(struct encoder_trace *trace, real *chunk,
                             const struct encoder *encoder,
                             const struct mae_input *input, size_t tokens, size_t patch)
{
    const size_t V = input->visible_count, D = trace->shape.width;
    for (size_t b = 0; b < input->images; ++b) {
        real *patches_b = activation_rows(&trace->patches, chunk, b * (V + 1));
        real *x_b = trace->x + b * (V + 1) * D;
        memset(patches_b, 0, patch * sizeof(real));
        memcpy(x_b, encoder->cls_token, D * sizeof(real));
        for (size_t v = 0; v < V; ++v) {
            const size_t t = (size_t)input->visible[b * V + v];
            const real *position = encoder->positions + t * D;
            real *x_bv = x_b + (v + 1) * D;
            memcpy(patches_b + (v + 1) * patch,
                   input->patches + (b * tokens + t) * patch, patch * sizeof(real));
            for (size_t i = 0; i < D; ++i)
                x_bv[i] = encoder->patchify.bias[i] + position[i];
        }
        activation_commit(&trace->patches, patches_b, b * (V + 1), V + 1);
    }
}

// The gradient of embedding_gather by the class token, the positions and the bias.
static void embedding_scatter(const struct encoder *dencoder, const real *dx,
                              const struct mae_input *input, size_t tokens,
                              size_t width)
{
    const size_t V = input->visible_count, D = width;
    memset(dencoder->cls_token, 0, D * sizeof(real));
    memset(dencoder->positions, 0, tokens * D * sizeof(real));
    memset(dencoder->patchify.bias, 0, D * sizeof(real));
    for (size_t b = 0; b < input->images; ++b) {
        const real *dx_b = dx + b * (V + 1) * D;
        for (size_t i = 0; i < D; ++i) dencoder->cls_token[i] += dx_b[i];
        for (size_t v = 0; v < V; ++v) {
            const real *dx_bv = dx_b + (v + 1) * D;
            real *dposition =
                dencoder->positions + (size_t)input->visible[b * V + v] * D;
            for (size_t i = 0; i < D; ++i) {
                dposition[i] += dx_bv[i];
                dencoder->patchify.bias[i] += dx_bv[i];
            }
        }
    }
}

void encoder_blocks(struct encoder_trace *trace, struct block_work *work,
                    const struct encoder *encoder, const struct mae_input *input,
                    const struct mae_shape *shape, int layer)
{
    require(layer >= 0 && layer <= shape->encoder_blocks, "layer %d of %d", layer,
            shape->encoder_blocks);
    visible_check(input, shape_tokens(shape));
    const size_t F = shape_patch(shape);
    embedding_gather(trace, trace->gathered, encoder, input, shape_tokens(shape), F);
    enum phase before = phase_enter(PHASE_PRODUCT);
    product(trace->x, trace->shape.width, activation_operand_a(&trace->patches, 0, 0),
            encoder->patchify.forward, work->arithmetic, attention_rows(&trace->shape),
            trace->shape.width, F, 1);
    phase_enter(before);
    vit_forward(trace->x, &trace->vit, work, &encoder->vit, layer, &trace->shape);
}

void encoder_norm(struct encoder_trace *trace, const struct encoder *encoder)
{
    layernorm_forward(trace->z, trace->normal, trace->rstd, trace->x, &encoder->norm,
                      attention_rows(&trace->shape), trace->shape.width);
}

void encoder_backward(const struct encoder *dencoder, real *dx, const real *dz,
                      const struct encoder_trace *trace, struct block_work *work,
                      const struct encoder *encoder, const struct mae_input *input,
                      const struct mae_shape *shape)
{
    const size_t R = attention_rows(&trace->shape), D = trace->shape.width;

    // z = LN(blocks(x)); the final norm has no residual path.
    memset(dx, 0, R * D * sizeof(real));
    layernorm_backward_begin(&dencoder->norm, D);
    layernorm_backward(dx, &dencoder->norm, dz, trace->normal, trace->rstd,
                       &encoder->norm, R, D);
    vit_backward(dx, &dencoder->vit, &trace->vit, work, &encoder->vit,
                 shape->encoder_blocks, &trace->shape);

    // x = [cls; E x_v + b + pos_v]; the class token's zero rows add nothing to dE.
    const struct activation dout = activation_from_reals(&work->dstream, dx, R);
    linear_backward_weight(dencoder->patchify.weight, &dout, 0, &trace->patches, 0,
                           work->storage, R, D, shape_patch(shape), 0);
    embedding_scatter(dencoder, dx, input, shape_tokens(shape), D);
}
