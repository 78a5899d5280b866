#include "core/study/inputs.h"

#include "core/linalg/coretype.h"
#include "core/linalg/product.h"
#include "core/report/need.h"
#include "core/report/provenance.h"
#include "core/train/checkpoint.h"
#include "tests/metadata.h"
#include "tests/report/world.h"
#include "tests/study/pretrained.h"

// The build gives each program its own.
const char features_key[] = "features-1";

TestSuite(inputs, .init = world_open);

// The value of a keyed note; fails when it is missing.
static void expect_keyed(const struct run *run, const char *what, const char *value)
{
    const struct provenance *provenance = &run->state->provenance;
    for (size_t i = 0; i < provenance->count; ++i)
        if (!strcmp(provenance->lines[i].what, what)) {
            cr_expect_str_eq(provenance->lines[i].value, value);
            cr_expect(provenance->lines[i].keyed, "%s is not keyed", what);
            return;
        }
    cr_expect(0, "no note %s", what);
}

Test(inputs, images_and_kernels_are_part_of_the_key)
{
    struct run run;
    char words[512], digest[HASH_HEX];
    world_run(&run, "--tier smoke", words);
    input_images(&run, SPLIT_TRAIN);
    input_images(&run, SPLIT_TEST);
    input_kernels(&run);
    images_digest(digest, "planted", SPLIT_TRAIN);
    expect_keyed(&run, "training data digest", digest);
    images_digest(digest, "planted", SPLIT_TEST);
    expect_keyed(&run, "test data digest", digest);
    expect_keyed(&run, "core type", coretype_name());
    expect_keyed(&run, "linear algebra", coretype_library());
    expect_keyed(&run, "products", product_path());
    expect_keyed(&run, "arithmetic", sizeof(real) == sizeof(double) ? "fp64" : "fp32");
    world_drop(&run);
}

Test(inputs, a_model_is_found_read_and_noted_and_its_recipe_returned)
{
    struct run run;
    struct weights model;
    char words[512], text[STUDY_SCALE];
    pretrain_shortly("m75-h3");

    world_listen();
    world_run(&run, "--tier smoke", words);
    struct recipe found;
    cr_assert_eq(input_model(&model, &found, &run, "m75-h3"), 1);
    cr_expect(found.mask_ratio == .75 && found.shape.encoder_heads == 3);
    expect_keyed(&run, "weights m75-h3", model.file.digest);
    cr_expect_str_eq(run.state->pilot, "pilot weights: 0.0256 of 4 epochs");
    models_scale(text, &model, 1);
    cr_expect(
        !strncmp(text, "model trained for 0.0", strlen("model trained for 0.0")) &&
            strstr(text, " updates"),
        "%s", text);
    weights_close(&model);
    world_drop(&run);
}

// Weights as another program writes them: by another recipe, and with its name.
static void brought_weights(const struct recipe *recipe, double epochs,
                            const char *path)
{
    struct run_identity identity;
    struct arena arena;
    struct mae mae;
    struct recipe other = *recipe;
    other.batch = 1024;
    recipe_set_epochs(&other, epochs);
    arena_open_growing(&arena, "test");
    mae_open(&mae, &recipe->shape, &arena);
    const struct train_state state = {
        .weights = arena_zeros(&arena, mae.parameters.count), .updates = 40};
    parameters_initialise(state.weights, &mae.parameters, 1);
    run_identity_fill(&identity, &other, 1, "digest", FP32, NULL);
    const struct metadata more = {"trainer", "PyTorch 2.1.0 on a GPU"};
    trained_weights_write(path, &identity, &other, "planted", &mae.parameters, &state,
                          &more, 1);
    arena_close(&arena);
}

Test(inputs, weights_of_another_program_and_recipe_say_so)
{
    struct run run;
    struct weights model;
    struct recipe found;
    char words[512], text[STUDY_SCALE];
    const struct recipe recipe = recipe_find("smoke", "m75-h3");
    brought_weights(&recipe, 4, "results/smoke-planted/weights/m75-h3.safetensors");
    world_run(&run, "--tier smoke", words);
    cr_assert_eq(input_model(&model, &found, &run, "m75-h3"), 1);
    cr_expect_str_eq(run.state->pilot, "weights of another recipe: batch=1024");
    cr_expect_str_eq(provenance_find(&run.state->provenance, "training of m75-h3"),
                     sizeof(real) == sizeof(double)
                         ? "brought here, trained by PyTorch 2.1.0 on a GPU, fp64"
                         : "brought here, trained by PyTorch 2.1.0 on a GPU, fp32");
    models_scale(text, &model, 1);
    cr_expect_str_eq(
        text, "model trained for 4 epochs, 40 updates, by PyTorch 2.1.0 on a GPU");
    weights_close(&model);
    world_drop(&run);
}

Test(inputs, weights_that_were_trained_for_longer_than_the_recipe_say_so)
{
    struct run run;
    struct weights model;
    struct recipe found;
    char words[512];
    const struct recipe recipe = recipe_find("smoke", "m75-h3");
    brought_weights(&recipe, 8, "results/smoke-planted/weights/m75-h3.safetensors");
    world_run(&run, "--tier smoke", words);
    cr_assert_eq(input_model(&model, &found, &run, "m75-h3"), 1);
    cr_expect_str_eq(run.state->pilot, "weights of another recipe: 8 epochs; weights "
                                       "of another recipe: batch=1024");
    weights_close(&model);
    world_drop(&run);
}

Test(inputs, models_whose_trainings_had_other_arithmetics_are_counted_by_them)
{
    struct run run;
    struct weights models[2];
    struct recipe found;
    char words[512], text[STUDY_SCALE];
    pretrain_shortly("m50-h3");
    pretrain_shortly("m75-h3");
    world_run(&run, "--tier smoke", words);
    cr_assert_eq(input_model(&models[0], &found, &run, "m50-h3"), 1);
    cr_assert_eq(input_model(&models[1], &found, &run, "m75-h3"), 1);
    models_scale(text, models, 2);
    cr_expect(!strstr(text, " in "), "%s", text);
    metadata_replace(&models[1].file, "arithmetic", "bf16-dot");
    models_scale(text, models, 2);
    const char *want = sizeof(real) == sizeof(double) ? ", 1 in fp64, 1 in bf16-dot"
                                                      : ", 1 in fp32, 1 in bf16-dot";
    cr_expect(strstr(text, want), "%s", text);
    for (int m = 0; m < 2; ++m) weights_close(&models[m]);
    world_drop(&run);
}

Test(inputs, a_model_that_is_missing_is_a_status_where_others_follow)
{
    struct run run;
    struct weights model;
    struct recipe recipe;
    char words[512];
    setenv("MASKBOOK_KEEP_GOING", "1", 1);
    world_listen();
    world_run(&run, "--tier smoke", words);
    cr_expect_eq(input_model(&model, &recipe, &run, "m50-h3"), 0);
    cr_expect_eq(run_fresh(&run), 0);
    cr_expect_eq(run_close_without(&run), 0);
    cr_expect(strstr(world_text("results/smoke-planted/02-demo/verdicts.tsv"),
                     "\norder\tNOT-RUN\tnan\tnan\tnan\t0\t\tno weights"));
}
