// A model must come back from its file alone: the same shape, the same numbers, in each way of
// naming; and of a file that only looks like a model the message must say what is wrong.
#include "core/model/weights.h"

#include "core/base/die.h"
#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/scratch.h"

#include <criterion/criterion.h>
#include <criterion/parameterized.h>

TestSuite(weights, .init = scratch_make);

static const struct mae_shape SHAPES[] = {
    {32, 3, 4, 48, 4, 2, 3, 3},
    {32, 3, 8, 24, 1, 1, 2, 6},
    {32, 3, 16, 12, 2, 3, 12, 1},
    {32, 3, 2, 8, 3, 1, 1, 1},
};

// A model with random weights, to be written to a file.
struct model {
    struct arena arena;
    struct mae mae;
    real *slab;
    struct parameters renamed; // a copy of the table, for files that differ from it
};

static void model_open(struct model *model, const struct mae_shape *shape)
{
    arena_open(&model->arena, "model", 16 << 20);
    mae_open(&model->mae, shape, &model->arena);
    const struct parameters *table = &model->mae.parameters;
    model->slab = arena_reals(&model->arena, table->count);
    parameters_initialise(model->slab, table, 7);
    // Zeros and ones would hide tensors that were swapped or not read.
    struct rng rng = rng_open(7, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < table->count; ++i)
        model->slab[i] += (real)(.1 * rng_uniform(&rng));
    for (size_t i = 0; i < table->count; ++i)
        model->slab[i] = (real)(float)model->slab[i];
    model->renamed = *table;
    model->renamed.row = arena_take(&model->arena, table->rows + 2, sizeof *table->row);
    memcpy(model->renamed.row, table->row, table->rows * sizeof *table->row);
}

// Reduces `renamed` to the encoder's rows, without their prefix when `bare`.
static void keep_encoder(struct model *model, int bare)
{
    struct parameters *table = &model->renamed;
    size_t count = 0;
    for (size_t r = 0; r < table->rows; ++r) {
        struct parameter row = table->row[r];
        if (strncmp(row.name, "encoder.", 8) != 0) continue;
        if (bare) memmove(row.name, row.name + 8, strlen(row.name + 8) + 1);
        table->row[count++] = row;
    }
    table->rows = count;
}

static struct parameter *row_of(struct model *model, const char *name)
{
    for (size_t r = 0; r < model->renamed.rows; ++r)
        if (strcmp(model->renamed.row[r].name, name) == 0)
            return &model->renamed.row[r];
    cr_assert_fail("no row %s", name);
    abort();
}

static void add_row(struct model *model, const char *name, size_t count)
{
    struct parameter *row = &model->renamed.row[model->renamed.rows++];
    *row = (struct parameter){.dimensions = 1, .shape = {count}, .count = count};
    memcpy(row->name, name, strlen(name) + 1);
}

// Writes the model under the renamed table; heads NULL: no metadata.
static void model_write(const struct model *model, const char *path, const char *heads,
                        const char *decoder_heads)
{
    struct metadata metadata[2];
    size_t count = 0;
    if (heads) metadata[count++] = (struct metadata){"heads", heads};
    if (decoder_heads)
        metadata[count++] = (struct metadata){"decoder_heads", decoder_heads};
    struct slab slab = {"", model->slab};
    safetensors_write(path, &model->renamed, &slab, 1, metadata, count, TENSOR_F32);
}

ParameterizedTestParameters(weights, whole_model_comes_back)
{
    static int index[] = {0, 1, 2, 3};
    return cr_make_param_array(int, index, 4);
}

ParameterizedTest(int *i, weights, whole_model_comes_back)
{
    const struct mae_shape *shape = &SHAPES[*i];
    struct model model;
    model_open(&model, shape);
    char heads[12], decoder_heads[12];
    snprintf(heads, sizeof heads, "%d", shape->encoder_heads);
    snprintf(decoder_heads, sizeof decoder_heads, "%d", shape->decoder_heads);
    model_write(&model, in_scratch("whole"), heads, decoder_heads);
    struct weights weights;
    weights_open(&weights, in_scratch("whole"), NULL, 0);
    cr_expect_eq(weights.decoder, 1);
    cr_expect_arr_eq(&weights.mae.shape, shape, sizeof *shape);
    cr_assert_eq(weights.mae.parameters.count, model.mae.parameters.count);
    cr_expect_arr_eq(weights.slab, model.slab,
                     model.mae.parameters.count * sizeof(real));
    weights_close(&weights);
    arena_close(&model.arena);
}

static void open_file(const void *path)
{
    struct weights weights;
    weights_open(&weights, path, NULL, 0);
    weights_close(&weights);
}

Test(weights, layers_in_the_place_of_the_papers_come_from_the_metadata)
{
    struct model model;
    model_open(&model, &SHAPES[0]);
    const struct slab slab = {"", model.slab};
    struct metadata metadata[] = {
        {"heads", "3"}, {"decoder_norm", "batch"}, {"mixing", "identity"}};
    for (size_t keys = 1; keys <= 3; ++keys) {
        safetensors_write(in_scratch("variant"), &model.renamed, &slab, 1, metadata,
                          keys, TENSOR_F32);
        struct weights weights;
        weights_open(&weights, in_scratch("variant"), NULL, 0);
        cr_expect_eq(weights.mae.variant.decoder_norm,
                     keys > 1 ? NORM_BATCH : NORM_LAYER);
        cr_expect_eq(weights.mae.variant.mixing,
                     keys > 2 ? MIXING_IDENTITY : MIXING_ATTENTION);
        weights_close(&weights);
    }
    metadata[2].value = "mlp";
    safetensors_write(in_scratch("mixing"), &model.renamed, &slab, 1, metadata, 3,
                      TENSOR_F32);
    expect_ending(__LINE__, open_file, in_scratch("mixing"), EXIT_INPUT,
                  "'mixing' is 'mlp', not a mixing of tokens");
    metadata[1].value = "group";
    safetensors_write(in_scratch("norm"), &model.renamed, &slab, 1, metadata, 3,
                      TENSOR_F32);
    expect_ending(__LINE__, open_file, in_scratch("norm"), EXIT_INPUT,
                  "'decoder_norm' is 'group', not a norm");
    arena_close(&model.arena);
}

// Puts a prefix before every name.
static void wrap(struct model *model, const char *wrapper)
{
    const size_t length = strlen(wrapper);
    for (size_t r = 0; r < model->renamed.rows; ++r) {
        char *name = model->renamed.row[r].name;
        cr_assert_lt(length + strlen(name), PARAMETER_NAME);
        memmove(name + length, name, strlen(name) + 1);
        memcpy(name, wrapper, length);
    }
}

// An encoder alone: `bare` names; with a class head after it when `classes` > 0; all wrapped.
static void expect_encoder(int bare, size_t classes, const char *wrapper)
{
    struct model model;
    model_open(&model, &SHAPES[0]);
    keep_encoder(&model, bare);
    if (classes) {
        add_row(&model, "head.weight", classes * 48);
        add_row(&model, "head.bias", classes);
    }
    wrap(&model, wrapper);
    model_write(&model, in_scratch("encoder"), "3", NULL);
    struct weights weights;
    weights_open(&weights, in_scratch("encoder"), NULL, 0);
    cr_expect_eq(weights.decoder, 0);
    cr_expect_eq(weights.mae.shape.encoder_blocks, 4);
    cr_expect_eq(weights.mae.shape.decoder_blocks, 0);
    const struct parameters *table = &weights.mae.parameters;
    for (size_t r = 0; r < table->rows; ++r) {
        const struct parameter *row = &table->row[r];
        const struct parameter *source =
            parameters_find(&model.mae.parameters, row->name);
        for (size_t n = 0; n < row->count; ++n) {
            real want = row->name[0] == 'e' ? model.slab[source->offset + n] : 0;
            cr_assert(weights.slab[row->offset + n] == want, "%s[%zu]", row->name, n);
        }
    }
    weights_close(&weights);
    arena_close(&model.arena);
}

Test(weights, encoder_alone_comes_back)
{
    expect_encoder(0, 0, "");
}

Test(weights, encoder_without_prefix_comes_back)
{
    expect_encoder(1, 0, "");
}

Test(weights, class_head_of_a_classifier_is_passed_over)
{
    expect_encoder(1, 10, "");
    expect_encoder(0, 10, "");
}

Test(weights, what_wrapped_a_model_is_no_part_of_its_names)
{
    static const char *const wrappers[] = {"module.", "_orig_mod.", "model.",
                                           "module._orig_mod.", "model.model."};
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; ++i) {
        expect_encoder(0, 0, wrappers[i]);
        expect_encoder(1, 10, wrappers[i]);
    }
    // A whole model too, decoder and all.
    struct model model;
    struct weights weights;
    model_open(&model, &SHAPES[1]);
    wrap(&model, "module.");
    model_write(&model, in_scratch("wrapped"), "2", "6");
    weights_open(&weights, in_scratch("wrapped"), NULL, 0);
    cr_expect_eq(weights.decoder, 1);
    cr_expect_arr_eq(&weights.mae.shape, &SHAPES[1], sizeof SHAPES[1]);
    cr_expect_arr_eq(weights.slab, model.slab,
                     model.mae.parameters.count * sizeof(real));
    weights_close(&weights);
    arena_close(&model.arena);
}

Test(weights, heads_come_from_the_option_when_the_file_is_silent)
{
    struct model model;
    model_open(&model, &SHAPES[0]);
    struct weights weights;
    model_write(&model, in_scratch("silent"), NULL, NULL);
    weights_open(&weights, in_scratch("silent"), NULL, 6);
    cr_expect_eq(weights.mae.shape.encoder_heads, 6);
    cr_expect_eq(weights.mae.shape.decoder_heads, 6);
    weights_close(&weights);
    model_write(&model, in_scratch("half"), "3", NULL);
    weights_open(&weights, in_scratch("half"), NULL, 3);
    cr_expect_eq(weights.mae.shape.encoder_heads, 3);
    cr_expect_eq(weights.mae.shape.decoder_heads, 3);
    weights_close(&weights);
    arena_close(&model.arena);
}

// --- refusals --------------------------------------------------------------------------------

struct call {
    const char *path;
    int heads;
};

static void open_call(const void *context)
{
    const struct call *call = context;
    struct weights weights;
    weights_open(&weights, call->path, NULL, call->heads);
}

static void expect_refused(const struct model *model, const char *heads, int option,
                           int code, const char *says)
{
    struct call call = {in_scratch("refused"), option};
    model_write(model, call.path, heads, NULL);
    expect_death(__LINE__, open_call, &call, code, says);
}

Test(weights, impossible_heads_are_refused)
{
    struct model model;
    model_open(&model, &SHAPES[0]);
    expect_refused(&model, NULL, 0, EXIT_USAGE, "give --heads");
    expect_refused(&model, "3", 6, EXIT_USAGE, "trained with 3");
    expect_refused(&model, NULL, 5, EXIT_USAGE, "do not divide the width 48");
    expect_refused(&model, "5", 0, EXIT_INPUT, "heads do not divide");
    static const char *const bad[] = {"",   "0",     "-3",         " 3",
                                      "3 ", "three", "99999999999"};
    for (int i = 0; i < 7; ++i)
        expect_refused(&model, bad[i], 0, EXIT_INPUT, "not a number of heads");
    arena_close(&model.arena);
}

Test(weights, tensors_that_do_not_make_a_model_are_refused)
{
    struct model model;
    model_open(&model, &SHAPES[0]);
    struct parameter *row = row_of(&model, "encoder.cls_token"), saved = *row;
    memcpy(row->name, "encoder.CLS_token", 18);
    expect_refused(&model, "3", 0, EXIT_INPUT, "neither 'encoder.cls_token'");
    *row = saved;

    row = row_of(&model, "encoder.pos_embedding"), saved = *row;
    row->shape[0] = 32, row->shape[1] = 2;
    expect_refused(&model, "3", 0, EXIT_INPUT, "32 positions are not a square");
    row->shape[0] = 16, row->shape[1] = 4;
    expect_refused(&model, "3", 0, EXIT_INPUT, "'encoder.pos_embedding' has another");
    row->dimensions = 1, row->shape[0] = 64 * 48;
    expect_refused(&model, "3", 0, EXIT_INPUT, "no model here has");
    *row = saved;

    row = row_of(&model, "decoder.transformer.1.mlp.fc2.weight"), saved = *row;
    row->shape[0] = 192, row->shape[1] = 48;
    expect_refused(&model, "3", 0, EXIT_INPUT, "1.mlp.fc2.weight' has another shape");
    memcpy(row->name, "decoder.transformer.2.mlp.fc2.weight", 37);
    expect_refused(&model, "3", 0, EXIT_INPUT, "1.mlp.fc2.weight' is missing");
    *row = saved;

    // A block is missing in the middle: the ones after it are not part of the model.
    row = row_of(&model, "encoder.transformer.1.norm1.weight"), saved = *row;
    memcpy(row->name, "encoder.transformer.7.norm1.weight", 35);
    expect_refused(&model, "3", 0, EXIT_INPUT, "is not part of this model");
    *row = saved;

    add_row(&model, "head.weight", 48);
    expect_refused(&model, "3", 0, EXIT_INPUT, "'head.weight' is not part");
    arena_close(&model.arena);
}

Test(weights, names_of_other_public_code_are_told_apart)
{
    static const struct {
        const char *name, *wrapper, *says;
    } cases[] = {
        {"patch_embed.proj.weight", "",
         "has the names of facebookresearch/mae and of timm "
         "('patch_embed.proj.weight')"},
        {"patch_embed.proj.weight", "module.",
         "of timm ('module.patch_embed.proj.weight')"},
        {"vit.embeddings.cls_token", "", "the names of Hugging Face's ViTMAE"},
        {"embeddings.cls_token", "", "the names of Hugging Face's ViTMAE"},
        {"conv_proj.weight", "", "the names of torchvision's ViT"},
        {"stem.weight", "", "'cls_token' is there, but 'stem.weight'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; ++i) {
        struct model model;
        model_open(&model, &SHAPES[0]);
        model.renamed.rows = 0;
        add_row(&model, cases[i].name, 48);
        wrap(&model, cases[i].wrapper);
        expect_refused(&model, "3", 0, EXIT_INPUT, cases[i].says);
        arena_close(&model.arena);
    }
}

Test(weights, width_that_no_block_has_is_refused_before_memory_is_taken)
{
    struct model model;
    model_open(&model, &SHAPES[3]);
    struct parameter *row = row_of(&model, "encoder.patchify.weight");
    *row = (struct parameter){
        .dimensions = 4, .shape = {8192, 3, 1, 1}, .count = 8192 * 3, .name = ""};
    memcpy(row->name, "encoder.patchify.weight", 24);
    real *large = arena_zeros(&model.arena, 8192 * 3 + model.mae.parameters.count);
    memcpy(large, model.slab, model.mae.parameters.count * sizeof(real));
    model.slab = large;
    expect_refused(&model, "1", 0, EXIT_INPUT, "has another shape");
    arena_close(&model.arena);
}

Test(weights, decoder_of_an_encoder_without_prefix_is_refused)
{
    struct model model;
    model_open(&model, &SHAPES[0]);
    keep_encoder(&model, 1);
    add_row(&model, "decoder.mask_token", 48);
    expect_refused(&model, "3", 0, EXIT_INPUT, "a decoder, but no 'encoder.cls_token'");
    arena_close(&model.arena);
}
