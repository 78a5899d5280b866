#include "core/train/evaluate.h"

#include "core/base/die.h"
#include "core/train/infer.h"
#include "core/train/loss.h"
#include "core/train/pretrain.h"

struct visit {
    const struct evaluation *evaluation;
    reconstruction_function *each;
    void *context;
};

static void *workspace(struct arena *arena, const void *context)
{
    const struct evaluation *evaluation = ((const struct visit *)context)->evaluation;
    struct masked_batch *batch = arena_take(arena, 1, sizeof *batch);
    masked_batch_open(batch, evaluation->mae, INFER_CHUNK, evaluation->mask_ratio, FP32,
                      evaluation->with_attention ? TRAIN : INFER, arena);
    return batch;
}

// The number in the set of the image at a position in the list.
static uint32_t image_at(const struct evaluation *evaluation, size_t position)
{
    return evaluation->list ? evaluation->list[position] : (uint32_t)position;
}

// The view of one image of the chunk.
static struct mae_view view_of(const struct masked_batch *batch, size_t position)
{
    const struct mae_shape *shape = &batch->mae->shape;
    const size_t width = (size_t)shape->width,
                 encoder = (batch->visible_count + 1) * width,
                 decoder = (batch->tokens + 1) * width;
    struct mae_view view = mae_view(batch->activations, batch->mae);
    view.stream += position * encoder;
    view.encoded += position * encoder;
    view.decoded += position * decoder;
    for (int i = 0; i < shape->decoder_blocks && view.attention[i]; ++i)
        view.attention[i] +=
            position * (size_t)shape->decoder_heads * (batch->tokens + 1) * view.stride;
    return view;
}

static int pass(const struct infer_chunk *chunk, void *context)
{
    const struct visit *visit = context;
    const struct evaluation *evaluation = visit->evaluation;
    struct masked_batch *batch = chunk->workspace;
    for (size_t b = 0; b < INFER_CHUNK; ++b)
        masked_batch_load(batch, b, evaluation->images,
                          image_at(evaluation, chunk->image[b]), evaluation->seed,
                          EVALUATION_EPOCH);
    const struct mae_input input = masked_batch_input(batch);
    const real *prediction =
        mae_forward(batch->activations, evaluation->mae, chunk->weights, &input);

    const size_t numbers = batch->tokens * batch->patch_size;
    if (!slab_finite(prediction, chunk->count * numbers)) return 1;
    for (size_t b = 0; b < chunk->count; ++b) {
        const struct reconstruction one = {
            .position = chunk->first + b,
            .image = image_at(evaluation, chunk->first + b),
            .tokens = batch->tokens,
            .patch_size = batch->patch_size,
            .visible_count = batch->visible_count,
            .hidden_count = batch->hidden_count,
            .prediction = prediction + b * numbers,
            .patches = batch->patches + b * numbers,
            .visible = batch->visible + b * batch->visible_count,
            .hidden = batch->hidden + b * batch->hidden_count,
            .width = (size_t)evaluation->mae->shape.width,
            .view = view_of(batch, b),
        };
        visit->each(&one, chunk->worker, visit->context);
    }
    return 0;
}

void evaluate_reconstructions(const struct evaluation *evaluation,
                              reconstruction_function *each, void *context)
{
    struct visit visit = {evaluation, each, context};
    const struct infer infer = {.parameters = &evaluation->mae->parameters,
                                .weights = evaluation->weights,
                                .images = evaluation->count,
                                .threads = evaluation->threads,
                                .workspace = workspace,
                                .pass = pass,
                                .context = &visit};
    if (infer_run(&infer))
        die(EXIT_INPUT,
            "%s: these weights make numbers that are not finite (train it again)",
            evaluation->name ? evaluation->name : "the model");
}

struct losses {
    double *loss;
    const struct target_maker *targets;
    real *target; // (threads,T,F)
};

static void loss_of_one(const struct reconstruction *one, int worker, void *context)
{
    const struct losses *losses = context;
    const real *patches = one->patches;
    if (losses->targets) {
        real *target = losses->target + (size_t)worker * one->tokens * one->patch_size;
        target_make(target, one->patches, one->tokens, losses->targets);
        patches = target;
    }
    losses->loss[one->position] =
        masked_loss(NULL, one->prediction, patches, one->hidden, 1, one->tokens,
                    one->hidden_count, one->patch_size, 1);
}

void evaluate_losses(double *loss, const struct evaluation *evaluation)
{
    const struct mae_shape *shape = &evaluation->mae->shape;
    struct losses losses = {.targets = evaluation->targets};
    losses.loss = loss;
    struct arena arena;
    arena_open_growing(&arena, "targets");
    if (losses.targets)
        losses.target =
            arena_reals(&arena, (size_t)evaluation->threads * shape_tokens(shape) *
                                    shape_patch(shape));
    evaluate_reconstructions(evaluation, loss_of_one, &losses);
    arena_close(&arena);
}
