#include "core/train/pretrained.h"

#include "core/base/die.h"
#include "core/data/planted.h"
#include "tests/metadata.h"
#include "tests/train/tiny.h"

TestSuite(pretrained, .init = scratch_make);

// A file of weights, the recipe it shall follow, and the data.
struct claim {
    const char *path, *data;
    struct recipe recipe;
};

static void open_it(const void *argument)
{
    const struct claim *claim = argument;
    struct weights weights;
    pretrained_open(&weights, claim->path, &claim->recipe, claim->data);
    weights_close(&weights);
}

#define refuses(claim, part) expect_ending(__LINE__, open_it, claim, EXIT_INPUT, part)

Test(pretrained, a_finished_training_is_what_its_recipe_says)
{
    struct tiny tiny;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    struct weights weights;
    pretrained_open(&weights, tiny.weights, &tiny.settings.recipe, "planted");
    cr_expect_eq(pretrained_number(&weights, "updates"), TINY_UPDATES);
    cr_expect_eq(pretrained_number(&weights, "epochs"), 4);
    weights_close(&weights);

    cr_expect_null(pretrained_trainer(&weights.file));

    // A pilot is the same pretraining, shorter: the recipe asked for may be longer.
    struct recipe longer = tiny.settings.recipe;
    longer.epochs = 400;
    pretrained_open(&weights, tiny.weights, &longer, "planted");
    weights_close(&weights);
    tiny_close(&tiny);
}

Test(pretrained, another_run_mask_ratio_shape_or_data_under_its_name_is_refused)
{
    struct tiny tiny;
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    struct claim claim = {tiny.weights, "planted", tiny.settings.recipe};
    claim.data = "cifar10";
    refuses(&claim, "data 'planted', not 'cifar10'");
    claim.data = "planted";
    claim.recipe.run = "m50-h3";
    refuses(&claim, "run 'tiny', not 'm50-h3'");
    claim.recipe = tiny.settings.recipe;
    claim.recipe.tier = "desk";
    refuses(&claim, "tier 'smoke', not 'desk'");
    claim.recipe = tiny.settings.recipe;
    claim.recipe.target.scale = TARGET_WHITENED;
    refuses(&claim, "target_scale 'nothing', not 'whitened'");
    claim.recipe = tiny.settings.recipe;
    claim.recipe.mask_ratio = .5;
    refuses(&claim, "mask ratio 0.75, the recipe's is 0.5");
    claim.recipe = tiny.settings.recipe;
    claim.recipe.shape.patch = 4;
    refuses(&claim, "the patch side is 8, the recipe's is 4");
    claim.recipe = tiny.settings.recipe;
    claim.recipe.shape.decoder_heads = 2;
    refuses(&claim, "the decoder's number of heads is 3");
    tiny_close(&tiny);
}

Test(pretrained, weights_of_a_variant_are_not_taken_for_the_papers)
{
    struct tiny tiny;
    tiny_open(&tiny);
    struct claim claim = {tiny.weights, "planted", tiny.settings.recipe};
    tiny.settings.recipe.variant = (struct mae_variant){NORM_NONE, MIXING_IDENTITY};
    tiny.settings.recipe.target = (struct target){TARGET_EVERY, TARGET_NORMALISED};
    pretrain_run(&tiny.settings);
    struct recipe own = tiny.settings.recipe;
    struct weights weights;
    pretrained_open(&weights, tiny.weights, &own, "planted");
    cr_expect_eq(weights.mae.variant.decoder_norm, NORM_NONE);
    cr_expect_eq(weights.mae.variant.mixing, MIXING_IDENTITY);
    weights_close(&weights);
    refuses(&claim, "target 'every', not 'hidden'");
    claim.recipe.target.patches = TARGET_EVERY;
    refuses(&claim, "target_scale 'normalised', not 'raw'");
    claim.recipe.target.scale = TARGET_NORMALISED;
    refuses(&claim, "decoder_norm 'none', not 'layer'");
    claim.recipe.variant.decoder_norm = NORM_NONE;
    refuses(&claim, "mixing 'identity', not 'attention'");
    tiny_close(&tiny);
}

Test(pretrained, weights_without_a_decoder_or_a_history_are_refused)
{
    struct tiny tiny;
    tiny_open(&tiny);
    struct arena arena;
    arena_open(&arena, "test", 1 << 20);
    struct mae mae;
    struct claim claim = {tiny.weights, "planted", tiny.settings.recipe};
    mae_open(&mae, &claim.recipe.shape, &arena);
    real *slab = arena_zeros(&arena, mae.parameters.count);
    struct slab slabs = {"", slab};
    char digest[HASH_HEX];
    slab_digest(digest, slab, mae.parameters.count);
    struct metadata metadata[] = {
        {"heads", "2"},    {"decoder_heads", "3"}, {"run", "tiny"},
        {"tier", "smoke"}, {"data", "planted"},    {"mask_ratio", "0.75"},
        {"updates", "20"}, {"epochs", "\t"},       {SAFETENSORS_DIGEST, digest}};
    safetensors_write(tiny.weights, &mae.parameters, &slabs, 1, metadata, 9,
                      TENSOR_F32);
    refuses(&claim, "does not say how many epochs");
    const struct metadata other = metadata[7];
    metadata[7] = (struct metadata){"trainer", "PyTorch\n2"};
    safetensors_write(tiny.weights, &mae.parameters, &slabs, 1, metadata, 9,
                      TENSOR_F32);
    refuses(&claim, "trainer holds a tab or a line's end");
    metadata[7] = other;
    safetensors_write(tiny.weights, &mae.parameters, &slabs, 1, metadata, 8,
                      TENSOR_F32);
    refuses(&claim, "its metadata lack weights_sha256");
    mae.parameters.rows = 0;
    while (!strncmp(mae.parameters.row[mae.parameters.rows].name, "encoder.", 8))
        ++mae.parameters.rows;
    safetensors_write(tiny.weights, &mae.parameters, &slabs, 1, metadata, 8,
                      TENSOR_F32);
    refuses(&claim, "has no decoder");
    arena_close(&arena);
    tiny_close(&tiny);
}

Test(pretrained, a_departure_names_what_differs_but_the_length)
{
    struct tiny tiny;
    struct weights weights;
    char text[RECIPE_TEXT], own[RECIPE_TEXT];
    tiny_open(&tiny);
    pretrain_run(&tiny.settings);
    struct recipe recipe = tiny.settings.recipe;
    pretrained_open(&weights, tiny.weights, &recipe, "planted");
    pretrained_departure(text, &weights, &recipe);
    cr_expect_str_empty(text);
    recipe_set_epochs(&recipe, 40);
    recipe.micro_batches = 8;
    pretrained_departure(text, &weights, &recipe);
    cr_expect_str_empty(text);
    recipe.batch = 80; // of which the recorded 8 is the beginning
    recipe.learning_rate = .02;
    pretrained_departure(text, &weights, &recipe);
    cr_expect_str_eq(text, "batch=8 learning_rate=0.01");
    // A record of part of it, or none, says nothing about the rest.
    recipe = tiny.settings.recipe;
    recipe_text(own, &recipe);
    *strstr(own, " batch=") = 0;
    metadata_replace(&weights.file, "recipe", own);
    pretrained_departure(text, &weights, &recipe);
    cr_expect(strstr(text, "no batch=8 ") == text, "%s", text);
    cr_expect(!strstr(text, "epochs"), "%s", text);
    metadata_replace(&weights.file, "recipe", "");
    pretrained_departure(text, &weights, &recipe);
    cr_expect_str_eq(text, "none recorded");
    weights_close(&weights);
    tiny_close(&tiny);
}
