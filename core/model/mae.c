#include "core/model/mae.h"

#include "core/base/die.h"
#include "core/base/phase.h"
#include "core/model/decoder.h"
#include "core/model/encoder.h"
#include "core/model/lanes.h"

#include <string.h>

// All layers; the table holds the offset of each tensor's pointer in it.
struct layers {
    struct encoder encoder;
    struct decoder decoder;
};

// Tensors outside the blocks: 6 of the encoder and 4 of the decoder.
enum { OTHER_TENSORS = 10 };

void mae_open(struct mae *mae, const struct mae_shape *shape, struct arena *arena)
{
    const char *fault = shape_fault(shape);
    require(!fault, "%s", fault);
    const size_t blocks = (size_t)(shape->encoder_blocks + shape->decoder_blocks);
    mae->shape = *shape;
    mae->variant = (struct mae_variant){0};
    mae->published = 0;
    parameters_open(&mae->parameters, blocks * (BLOCK_TENSORS + 1) + OTHER_TENSORS,
                    arena);
    encoder_list(&mae->parameters, offsetof(struct layers, encoder), shape);
    decoder_list(&mae->parameters, offsetof(struct layers, decoder), shape);
}

void mae_open_published(struct mae *mae, const struct mae_shape *shape,
                        struct arena *arena)
{
    mae_open(mae, shape, arena);
    mae->published = 1;
    encoder_list_published(&mae->parameters, offsetof(struct layers, encoder), shape);
}

// How far the last forward pass went; backward needs a complete one.
enum progress { NOTHING, ENCODED, DECODED };

struct mae_activations {
    size_t images, visible;
    enum mode mode;
    enum progress progress;
    struct layers weights, gradients;
    struct encoder_trace encoder;
    struct decoder_trace decoder;
    struct block_work work;
    real *dy, *dz, *dx; // (B,T+1,D), (B,V+1,D), (B,V+1,D)
};

static void activations_reserve(struct mae_activations *activations,
                                const struct mae *mae, size_t images, size_t visible,
                                enum arithmetic arithmetic, struct reserve *reserve)
{
    const struct mae_shape *shape = &mae->shape;
    const struct mae_variant variant = mae->variant;
    require(images > 0 && visible > 0 && visible <= shape_tokens(shape),
            "a pass over %zu images with %zu of %zu patches", images, visible,
            shape_tokens(shape));
    require(!mae->published || reserve->mode == INFER,
            "a published encoder is not trained here");
    // Pointers that no row of the table sets (qkv has no bias) must be NULL.
    memset(activations, 0, sizeof *activations);
    if (mae->published) encoder_norms_published(&activations->weights.encoder, shape);
    activations->images = images;
    activations->visible = visible;
    activations->mode = reserve->mode;
    encoder_trace_open(&activations->encoder, arithmetic, shape, images, visible,
                       reserve);
    decoder_trace_open(&activations->decoder, arithmetic, shape, images, visible,
                       reserve);
    vit_trace_vary(&activations->encoder.vit, shape->encoder_blocks,
                   (struct block_kind){NORM_LAYER, variant.mixing});
    vit_trace_vary(&activations->decoder.vit, shape->decoder_blocks,
                   (struct block_kind){variant.decoder_norm, variant.mixing});
    // Encoder and decoder share a workspace, sized for the wider heads: for the fewer of the two.
    struct attention_shape widest = activations->decoder.shape;
    if (activations->encoder.shape.heads < widest.heads)
        widest.heads = activations->encoder.shape.heads;
    block_work_open(&activations->work, arithmetic, &widest, shape_patch(shape),
                    reserve);

    if (reserve->mode == INFER) return;
    const size_t encoder_rows = attention_rows(&activations->encoder.shape);
    const size_t decoder_rows = attention_rows(&activations->decoder.shape);
    const size_t width = (size_t)shape->width;
    activations->dy = reserve_reals(reserve, size_product(decoder_rows, width));
    activations->dz = reserve_reals(reserve, size_product(encoder_rows, width));
    activations->dx = reserve_reals(reserve, size_product(encoder_rows, width));
    if (variant.decoder_norm == NORM_BATCH)
        activations->work.dnormed_images =
            reserve_reals(reserve, size_product(decoder_rows, width));
}

struct mae_activations *mae_activations_open(const struct mae *mae, size_t images,
                                             size_t visible, enum arithmetic arithmetic,
                                             enum mode mode, struct arena *arena)
{
    struct mae_activations *activations = arena_take(arena, 1, sizeof *activations);
    struct reserve reserve = {.arena = arena, .mode = mode};
    activations_reserve(activations, mae, images, visible, arithmetic, &reserve);
    return activations;
}

static void input_check(const struct mae_activations *activations,
                        const struct mae_input *input)
{
    require(input->images == activations->images &&
                input->visible_count == activations->visible,
            "input of %zu images with %zu patches, activations for %zu with %zu",
            input->images, input->visible_count, activations->images,
            activations->visible);
}

static void weights_check(const struct mae_activations *activations,
                          const struct mae *mae, const struct packed_weights *weights)
{
    require(weights->arithmetic == activations->work.arithmetic,
            "weights and activations of different arithmetics");
    require(weights->parameters == &mae->parameters, "weights of another model");
}

const real *mae_encode(struct mae_activations *activations, const struct mae *mae,
                       const struct packed_weights *weights,
                       const struct mae_input *input, int layer)
{
    input_check(activations, input);
    weights_check(activations, mae, weights);
    struct layers *layers = &activations->weights;
    struct encoder_trace *trace = &activations->encoder;
    const int last = layer < 0 ? mae->shape.encoder_blocks : layer;
    require(layer >= -1, "layer %d", layer);

    enum phase before = phase_enter(PHASE_ELEMENTWISE);
    packed_weights_bind(layers, weights);
    encoder_blocks(trace, &activations->work, &layers->encoder, input, &mae->shape,
                   last);
    activations->progress = ENCODED;
    if (layer < 0) encoder_norm(trace, &layers->encoder);
    phase_enter(before);
    return layer < 0 ? trace->z : trace->x;
}

const real *mae_forward(struct mae_activations *activations, const struct mae *mae,
                        const struct packed_weights *weights,
                        const struct mae_input *input)
{
    const real *z = mae_encode(activations, mae, weights, input, -1);
    enum phase before = phase_enter(PHASE_ELEMENTWISE);
    decoder_forward(&activations->decoder, &activations->work,
                    &activations->weights.decoder, z, input, &mae->shape);
    activations->progress = DECODED;
    phase_enter(before);
    return activations->decoder.prediction;
}

struct mae_view mae_view(const struct mae_activations *activations,
                         const struct mae *mae)
{
    require(activations->progress == DECODED, "mae_view must follow mae_forward");
    const struct decoder_trace *decoder = &activations->decoder;
    struct mae_view view = {.stream = activations->encoder.x,
                            .encoded = activations->encoder.z,
                            .decoded = decoder->y,
                            .stride = lanes_stride(decoder->shape.tokens)};
    for (int i = 0; activations->mode == TRAIN && i < mae->shape.decoder_blocks; ++i)
        view.attention[i] = decoder->vit.block[i].probs;
    return view;
}

void mae_backward(real *gradients, struct mae_activations *activations,
                  const struct mae *mae, const struct packed_weights *weights,
                  const struct mae_input *input, const real *dprediction)
{
    input_check(activations, input);
    weights_check(activations, mae, weights);
    require(activations->mode == TRAIN && weights->mode == TRAIN,
            "mae_backward with activations or weights for the forward pass only");
    require(activations->progress == DECODED, "mae_backward must follow mae_forward");
    enum phase before = phase_enter(PHASE_ELEMENTWISE);
    packed_weights_bind(&activations->weights, weights);
    parameters_bind(&activations->gradients, &mae->parameters, gradients);
    decoder_backward(&activations->gradients.decoder, activations->dz, activations->dy,
                     dprediction, &activations->decoder, &activations->work,
                     &activations->weights.decoder, input, &mae->shape);
    encoder_backward(&activations->gradients.encoder, activations->dx, activations->dz,
                     &activations->encoder, &activations->work,
                     &activations->weights.encoder, input, &mae->shape);
    phase_enter(before);
}
