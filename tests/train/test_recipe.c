#include "core/train/recipe.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "core/data/batches.h"
#include "core/data/masks.h"
#include "core/data/planted.h"

enum { ROWS = 29, CIFAR10_TRAIN = 50000 };

static const char *const tiers[] = {"smoke", "desk", "paper"};
static const char *const runs[] = {"m50-h3", "m60-h3", "m70-h3", "m75-h3",
                                   "m80-h3", "m90-h3", "m75-h6"};

Test(recipe, every_run_is_there_at_every_tier_and_says_what_its_name_says)
{
    for (size_t t = 0; t < 3; ++t)
        for (size_t r = 0; r < 7; ++r) {
            struct recipe recipe = recipe_find(tiers[t], runs[r]);
            char name[32];
            snprintf(name, sizeof name, "m%.0f-h%d", 100 * recipe.mask_ratio,
                     recipe.shape.encoder_heads);
            cr_expect_str_eq(name, runs[r]);
            cr_expect_eq(recipe.shape.decoder_heads, recipe.shape.encoder_heads);
        }
    cr_expect_not_null(recipe_row(ROWS - 1));
    cr_expect_null(recipe_row(ROWS));
}

Test(recipe, every_row_can_be_trained)
{
    for (size_t i = 0; recipe_row(i); ++i) {
        const struct recipe *r = recipe_row(i);
        cr_expect_null(shape_fault(&r->shape), "%s %s", r->tier, r->run);
        cr_expect((r->micro_batches & (r->micro_batches - 1)) == 0 &&
                  r->batch % r->micro_batches == 0);
        cr_expect(r->warmup > 0 && r->warmup < r->epochs);
        size_t tokens = shape_tokens(&r->shape);
        cr_expect(mask_visible(tokens, r->mask_ratio) < tokens);
    }
}

// Fewer images an update, but as many updates as the paper, 24,415, to a twentieth.
Test(recipe, the_desk_tier_makes_about_the_papers_number_of_updates)
{
    struct recipe desk = recipe_find("desk", "m75-h3"),
                  paper = recipe_find("paper", "m75-h3");
    double ours = (double)batches_updates(CIFAR10_TRAIN, desk.batch, desk.epochs),
           theirs = (double)batches_updates(CIFAR10_TRAIN, paper.batch, paper.epochs);
    cr_expect_eq(ours, 23438);
    cr_expect(ours > .95 * theirs && ours < 1.05 * theirs, "%g, %g", ours, theirs);
}

// Figure 2 compares mask ratios and Table 2 heads: nothing else may differ between runs.
Test(recipe, runs_of_a_tier_differ_in_their_mask_ratio_and_heads_alone)
{
    for (size_t t = 0; t < 3; ++t)
        for (size_t r = 0; r < 7; ++r) {
            struct recipe one = recipe_find(tiers[t], runs[0]),
                          other = recipe_find(tiers[t], runs[r]);
            char text[RECIPE_TEXT], same[RECIPE_TEXT];
            other.run = one.run;
            other.mask_ratio = one.mask_ratio;
            other.shape.encoder_heads = one.shape.encoder_heads;
            other.shape.decoder_heads = one.shape.decoder_heads;
            recipe_text(text, &one);
            recipe_text(same, &other);
            cr_expect_str_eq(text, same);
        }
}

Test(recipe, every_run_of_the_smoke_tier_sees_40000_images)
{
    for (size_t r = 0; r < 7; ++r) {
        struct recipe recipe = recipe_find("smoke", runs[r]);
        cr_expect_eq(recipe.epochs * PLANTED_TRAIN, 40000, "%s", runs[r]);
    }
}

// A control differs from m75-h3 in what its name says, and in nothing else.
Test(recipe, every_control_differs_from_its_model_in_one_option)
{
    static const struct {
        const char *tier, *run, *key, *value;
    } controls[] = {
        {"smoke", "m75-h3-visible", "target", "visible"},
        {"smoke", "m75-h3-every", "target", "every"},
        {"smoke", "m75-h3-normalised", "target_scale", "normalised"},
        {"smoke", "m75-h3-whitened", "target_scale", "whitened"},
        {"smoke", "m75-h3-no-norm", "decoder_norm", "none"},
        {"smoke", "m75-h3-batch-norm", "decoder_norm", "batch"},
        {"smoke", "m75-h3-identity", "mixing", "identity"},
        {"desk", "m75-h3-whitened", "target_scale", "whitened"},
    };
    for (size_t c = 0; c < sizeof controls / sizeof *controls; ++c) {
        struct recipe recipe = recipe_find(controls[c].tier, controls[c].run),
                      model = recipe_find(controls[c].tier, "m75-h3");
        char text[RECIPE_TEXT], want[RECIPE_TEXT + 64];
        recipe_text(text, &model);
        model.run = controls[c].run;
        recipe_text(text, &model);
        snprintf(want, sizeof want, "%s %s=%s", text, controls[c].key,
                 controls[c].value);
        recipe_text(text, &recipe);
        cr_expect_str_eq(text, want);
    }
}

Test(recipe, a_text_differs_when_any_number_does)
{
    char text[RECIPE_TEXT], other[RECIPE_TEXT];
    struct recipe recipe = recipe_find("desk", "m75-h3"), changed = recipe;
    recipe_text(text, &recipe);
    recipe_text(other, &changed);
    cr_expect_str_eq(text, other);
    cr_expect_not_null(strstr(text, " learning_rate=0.001 "));
    double *numbers[] = {&changed.mask_ratio,   &changed.epochs,       &changed.warmup,
                         &changed.beta1,        &changed.beta2,        &changed.epsilon,
                         &changed.weight_decay, &changed.learning_rate};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; ++i) {
        double saved = *numbers[i];
        *numbers[i] = saved * (1 + 1e-15);
        recipe_text(other, &changed);
        cr_expect_str_neq(text, other, "number %zu", i);
        *numbers[i] = saved;
    }
    int *sizes = &changed.shape.image;
    for (size_t i = 0; i < sizeof changed.shape / sizeof(int); ++i) {
        sizes[i]++;
        recipe_text(other, &changed);
        cr_expect_str_neq(text, other, "size %zu", i);
        sizes[i]--;
    }
    struct recipe options[] = {recipe, recipe, recipe, recipe};
    options[0].target.patches = TARGET_EVERY;
    options[1].target.scale = TARGET_NORMALISED;
    options[2].variant.decoder_norm = NORM_BATCH;
    options[3].variant.mixing = MIXING_IDENTITY;
    for (size_t i = 0; i < RECIPE_OPTIONS; ++i) {
        recipe_text(other, &options[i]);
        cr_expect_eq(strncmp(text, other, strlen(text)), 0);
        cr_expect_gt(strlen(other), strlen(text), "option %zu", i);
    }
    changed.micro_batches *= 2;
    recipe_text(other, &changed);
    cr_expect_str_neq(text, other);
}

Test(recipe, a_shortened_run_keeps_the_share_of_its_warm_up)
{
    struct recipe recipe = recipe_find("desk", "m75-h3");
    double share = recipe.warmup / recipe.epochs;
    recipe_set_epochs(&recipe, 1);
    cr_expect_eq(recipe.epochs, 1);
    cr_expect_float_eq(recipe.warmup, share, 1e-15);
}

Test(recipe, an_unknown_run_is_a_usage_error, .exit_code = 2)
{
    recipe_find("desk", "m75-h4");
}

Test(recipe, no_run_is_a_usage_error, .exit_code = 2)
{
    recipe_find("desk", NULL);
}

Test(recipe, an_unknown_tier_is_a_usage_error, .exit_code = 2)
{
    recipe_find("table", "m75-h3");
}

Test(recipe, no_epochs_are_a_usage_error, .exit_code = 2)
{
    struct recipe recipe = recipe_find("desk", "m75-h3");
    recipe_set_epochs(&recipe, 0);
}
