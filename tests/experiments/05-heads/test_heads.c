#include "experiments/05-heads/heads.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

static struct heads_scale scale_of(enum tier tier, double epochs, int seeds)
{
    const struct run run = {.options = {.tier = tier,
                                        .tier_name = tier_name(tier),
                                        .epochs = epochs,
                                        .seeds = seeds}};
    return heads_scale(&run);
}

Test(heads, desk_and_paper_are_their_recipes_on_all_images)
{
    for (int tier = TIER_DESK; tier <= TIER_PAPER; ++tier) {
        const struct heads_scale scale = scale_of((enum tier)tier, 0, 0);
        cr_expect(scale.images == 0 && scale.epochs == 0 && scale.probe_epochs == 100);
        cr_expect(scale.seeds[METHOD_PROBE] == 5 && scale.seeds[METHOD_FINETUNED] == 1);
    }
}

Test(heads, epochs_are_of_finetuning_and_on_all_images)
{
    for (int tier = TIER_SMOKE; tier <= TIER_PAPER; ++tier) {
        const struct heads_scale scale = scale_of((enum tier)tier, 7, 0);
        cr_expect(scale.images == 0 && scale.epochs == 7);
        cr_expect_eq(scale.probe_epochs, tier == TIER_SMOKE ? 10 : 100);
    }
}

Test(heads, finetunings_at_smoke_are_pilots_unless_told_how_long)
{
    cr_expect_eq(scale_of(TIER_SMOKE, 0, 0).images, 2500);
    cr_expect_eq(scale_of(TIER_SMOKE, .5, 0).images, 0);
}

Test(heads, seeds_are_those_of_every_method)
{
    const struct heads_scale scale = scale_of(TIER_SMOKE, 0, 4);
    for (int m = 0; m < METHODS; ++m) cr_expect_eq(scale.seeds[m], 4);
}

// The number printed as `id`, in thousandths, from the claims of Table 2 alone.
static long printed(const struct claims *claims, const char *id)
{
    for (size_t i = 0; i < claims->count; ++i) {
        const struct claim claim = claims_row(claims, i);
        double value, half;
        if (strcmp(claim.id, id) || strcmp(claim.experiment, "05-heads")) continue;
        cr_assert(printed_parse(&value, &half, claim.printed), "%s", id);
        return (long)(1000 * value + .5);
    }
    cr_assert_fail("%s is no claim of Table 2", id);
    return 0;
}

// A method's three claims belong together: the difference is that of its own accuracies.
Test(heads, each_methods_claims_are_its_own)
{
    struct claims claims;
    claims_read(&claims, "paper/claims.tsv");
    for (int m = 0; m < METHODS; ++m) {
        const struct method *method = &methods[m];
        if (m == METHOD_SCRATCH)
            cr_expect(!method->accuracy[THREE_HEADS] && !method->accuracy[SIX_HEADS] &&
                      !method->difference);
        else
            cr_expect_eq(printed(&claims, method->accuracy[SIX_HEADS]) -
                             printed(&claims, method->accuracy[THREE_HEADS]),
                         printed(&claims, method->difference), "%s", method->key);
    }
    claims_free(&claims);
}

Test(heads, the_scale_of_a_method_says_what_its_numbers_rest_on)
{
    struct study study = {0};
    study.images[SPLIT_TRAIN].count = 50000;
    struct heads heads = {.study = &study,
                          .pretrained = "models trained for 2 epochs",
                          .scale = {.probe_epochs = 100, .seeds = {5, 1, 2}},
                          .trained = {{NULL, "bf16", "bf16"}, {NULL, "bf16", "fp32"}},
                          .recipe = {{.epochs = 3}, {.epochs = 3}},
                          .few = {.count = 10000}};
    char text[STUDY_SCALE];
    heads_describe(text, &heads, METHOD_PROBE);
    cr_expect_str_eq(text,
                     "models trained for 2 epochs; probed on 50000 images for 100 "
                     "epochs, 5 seeds, fp32");
    heads_describe(text, &heads, METHOD_FINETUNED);
    cr_expect_str_eq(text,
                     "models trained for 2 epochs; finetuned on 10000 images for 3 "
                     "epochs, 1 seed, bf16");
    heads_describe(text, &heads, METHOD_SCRATCH);
    cr_expect_str_eq(text,
                     "trained from scratch on 10000 images for 3 epochs, 2 seeds, "
                     "bf16 and fp32");
}
