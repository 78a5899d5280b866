#include "core/model/classifier.h"

#include "core/base/die.h"
#include "core/base/phase.h"
#include "core/base/text.h"
#include "core/model/encoder.h"

#include <string.h>

// All layers; the table holds the offset of each tensor's pointer in it.
struct layers {
    struct encoder encoder;
    struct linear head; // (C,D), (C)
};

// Tensors outside the blocks: 6 of the encoder and 2 of the head.
enum { OTHER_TENSORS = 8 };

void classifier_open(struct classifier *classifier, const struct mae_shape *shape,
                     size_t classes, struct arena *arena)
{
    const char *fault = shape_fault(shape);
    require(!fault, "%s", fault);
    const size_t C = classes, D = (size_t)shape->width;
    // The workspace of a weight gradient is as wide as the blocks' widest layer, 4 D.
    require(C > 0 && C <= MLP_RATIO * D, "%zu classes at width %zu", C, D);
#define AT(member) (offsetof(struct layers, head) + offsetof(struct linear, member))
    const struct parameter_entry head[] = {
        {"head.weight", AT(weight), 2, {C, D}, INITIAL_FAN_IN, D},
        {"head.bias", AT(bias), 1, {C}, INITIAL_FAN_IN, D},
    };
#undef AT
    *classifier = (struct classifier){.shape = *shape, .classes = classes};
    parameters_open(&classifier->parameters,
                    (size_t)shape->encoder_blocks * BLOCK_TENSORS + OTHER_TENSORS,
                    arena);
    encoder_list(&classifier->parameters, offsetof(struct layers, encoder), shape);
    parameters_list(&classifier->parameters, "", 0, head, sizeof head / sizeof *head);
}

struct classifier_activations {
    size_t images;
    enum mode mode;
    int complete; // a forward pass has been made, as backward requires
    struct layers weights, gradients;
    struct encoder_trace encoder;
    struct block_work work;
    int32_t *every_patch;         // (B,T) 0..T-1 for every image
    real *token, *dtoken;         // (B,D) class tokens after the final norm
    struct activation head_input; // (B,D) the same, for the head's products
    struct activation dlogits;    // (B,C) for the head's products
    real *logits;                 // (B,C)
    real *dz, *dx;                // (B,T+1,D)
};

static void list_all(int32_t *index, size_t images, size_t tokens)
{
    for (size_t b = 0; b < images; ++b)
        for (size_t t = 0; t < tokens; ++t) index[b * tokens + t] = (int32_t)t;
}

static void activations_reserve(struct classifier_activations *activations,
                                const struct classifier *classifier, size_t images,
                                enum arithmetic arithmetic, struct reserve *reserve)
{
    require(images > 0, "a pass over no images");
    const size_t B = images, T = shape_tokens(&classifier->shape),
                 C = classifier->classes, D = (size_t)classifier->shape.width;
    // Pointers that no row of the table sets (qkv has no bias) must be NULL.
    memset(activations, 0, sizeof *activations);
    activations->images = images;
    activations->mode = reserve->mode;
    encoder_trace_open(&activations->encoder, arithmetic, &classifier->shape, B, T,
                       reserve);
    block_work_open(&activations->work, arithmetic, &activations->encoder.shape,
                    shape_patch(&classifier->shape), reserve);
    activations->every_patch =
        reserve_bytes(reserve, size_product(size_product(B, T), sizeof(int32_t)));
    activations->token = reserve_reals(reserve, size_product(B, D));
    activation_open_from_reals(&activations->head_input, arithmetic, B, D, reserve);
    activations->logits = reserve_reals(reserve, size_product(B, C));
    if (activations->every_patch) list_all(activations->every_patch, B, T);
    if (reserve->mode == INFER) return;
    activations->dtoken = reserve_reals(reserve, size_product(B, D));
    activation_open_from_reals(&activations->dlogits, arithmetic, B, C, reserve);
    const size_t thin = size_product(attention_rows(&activations->encoder.shape), D);
    activations->dz = reserve_reals(reserve, thin);
    activations->dx = reserve_reals(reserve, thin);
}

struct classifier_activations *
classifier_activations_open(const struct classifier *classifier, size_t images,
                            enum arithmetic arithmetic, enum mode mode,
                            struct arena *arena)
{
    struct classifier_activations *activations =
        arena_take(arena, 1, sizeof *activations);
    struct reserve reserve = {.arena = arena, .mode = mode};
    activations_reserve(activations, classifier, images, arithmetic, &reserve);
    return activations;
}

static struct mae_input whole_images(const struct classifier_activations *activations,
                                     const struct classifier *classifier,
                                     const real *patches)
{
    return (struct mae_input){.images = activations->images,
                              .visible_count = shape_tokens(&classifier->shape),
                              .patches = patches,
                              .visible = activations->every_patch};
}

static void weights_check(const struct classifier_activations *activations,
                          const struct classifier *classifier,
                          const struct packed_weights *weights)
{
    require(weights->arithmetic == activations->work.arithmetic,
            "weights and activations of different arithmetics");
    require(weights->parameters == &classifier->parameters, "weights of another model");
}

const real *classifier_forward(struct classifier_activations *activations,
                               const struct classifier *classifier,
                               const struct packed_weights *weights,
                               const real *patches)
{
    weights_check(activations, classifier, weights);
    const size_t B = activations->images, D = (size_t)classifier->shape.width;
    const size_t row = activations->encoder.shape.tokens * D;
    struct layers *layers = &activations->weights;
    const struct mae_input input = whole_images(activations, classifier, patches);
    enum phase before = phase_enter(PHASE_ELEMENTWISE);
    packed_weights_bind(layers, weights);
    encoder_blocks(&activations->encoder, &activations->work, &layers->encoder, &input,
                   &classifier->shape, classifier->shape.encoder_blocks);
    encoder_norm(&activations->encoder, &layers->encoder);

    for (size_t b = 0; b < B; ++b)
        memcpy(activations->token + b * D, activations->encoder.z + b * row,
               D * sizeof(real));
    activations->head_input =
        activation_from_reals(&activations->head_input, activations->token, B);
    linear_forward(activations->logits,
                   activation_operand_a(&activations->head_input, 0, 0), &layers->head,
                   activations->work.arithmetic, B, classifier->classes, D, 0);
    phase_enter(before);
    activations->complete = 1;
    return activations->logits;
}

void classifier_backward(real *gradients, struct classifier_activations *activations,
                         const struct classifier *classifier,
                         const struct packed_weights *weights, const real *patches,
                         const real *dlogits)
{
    require(
        activations->mode == TRAIN && weights->mode == TRAIN,
        "classifier_backward with activations or weights for the forward pass only");
    require(activations->complete,
            "classifier_backward must follow classifier_forward");
    weights_check(activations, classifier, weights);
    const size_t B = activations->images, C = classifier->classes,
                 D = (size_t)classifier->shape.width;
    const size_t row = activations->encoder.shape.tokens * D;
    const struct layers *layers = &activations->weights;
    const struct linear *dhead = &activations->gradients.head;
    const struct mae_input input = whole_images(activations, classifier, patches);
    enum phase before = phase_enter(PHASE_ELEMENTWISE);
    parameters_bind(&activations->gradients, &classifier->parameters, gradients);

    const struct activation dout =
        activation_from_reals(&activations->dlogits, dlogits, B);
    linear_backward_input(activations->dtoken, activation_operand_a(&dout, 0, 0),
                          &layers->head, activations->work.arithmetic, B, C, D);
    linear_backward_weight(dhead->weight, &dout, 0, &activations->head_input, 0,
                           activations->work.storage, B, C, D, 0);
    linear_backward_bias(dhead->bias, dlogits, B, C);

    // The head reads no other token of z.
    memset(activations->dz, 0, B * row * sizeof(real));
    for (size_t b = 0; b < B; ++b)
        memcpy(activations->dz + b * row, activations->dtoken + b * D,
               D * sizeof(real));
    encoder_backward(&activations->gradients.encoder, activations->dx, activations->dz,
                     &activations->encoder, &activations->work, &layers->encoder,
                     &input, &classifier->shape);
    phase_enter(before);
}

void classifier_take_encoder(real *weights, const struct classifier *classifier,
                             const real *pretrained, const struct mae *mae)
{
    require(classifier->shape.encoder_heads == mae->shape.encoder_heads,
            "an encoder of %d heads for one of %d", mae->shape.encoder_heads,
            classifier->shape.encoder_heads);
    require(mae->variant.mixing == MIXING_ATTENTION,
            "an encoder whose tokens do not mix, for a classifier whose tokens do");
    require(classifier->shape.encoder_blocks == mae->shape.encoder_blocks,
            "an encoder of %d blocks for one of %d", mae->shape.encoder_blocks,
            classifier->shape.encoder_blocks);
    for (size_t r = 0; r < classifier->parameters.rows; ++r) {
        const struct parameter *to = &classifier->parameters.row[r];
        if (!text_begins(to->name, "encoder.")) continue;
        const struct parameter *from = parameters_find(&mae->parameters, to->name);
        require(from && from->count == to->count, "%s has another shape", to->name);
        memcpy(weights + to->offset, pretrained + from->offset,
               to->count * sizeof(real));
    }
}
