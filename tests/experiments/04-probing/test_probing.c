#include "experiments/04-probing/probing.h"

#include <criterion/criterion.h>

// The scale of a tier with these options (0: left out).
static struct probing_scale scale_of(enum tier tier, double epochs, int seeds)
{
    const struct run run = {
        .options = {.tier = tier, .epochs = epochs, .seeds = seeds}};
    return probing_scale(&run);
}

Test(probing, desk_and_paper_train_by_the_whole_recipe)
{
    for (enum tier tier = TIER_DESK; tier <= TIER_PAPER; ++tier) {
        const struct probing_scale scale = scale_of(tier, 0, 0);
        cr_expect(scale.epochs == PROBE_RECIPE.epochs && scale.seeds == 5 &&
                  scale.control_seeds == RANDOM_ENCODERS);
        cr_expect_eq(scale.whole_epochs, PROBE_RECIPE.epochs);
    }
}

Test(probing, smoke_has_a_recipe_of_ten_epochs)
{
    const struct probing_scale scale = scale_of(TIER_SMOKE, 0, 0);
    cr_expect(scale.epochs == 10 && scale.whole_epochs == 10 && scale.seeds == 2 &&
              scale.control_seeds == 2);
}

// Fewer epochs than whole_epochs are a pilot; more are not.
Test(probing, epochs_shorten_a_training_and_not_the_recipe)
{
    struct probing_scale scale = scale_of(TIER_DESK, 3, 0);
    cr_expect(scale.epochs == 3 && scale.whole_epochs == PROBE_RECIPE.epochs);
    scale = scale_of(TIER_SMOKE, 100, 0);
    cr_expect(scale.epochs == 100 && scale.whole_epochs == 10);
}

// Each seed of a control has a random encoder.
Test(probing, controls_have_no_more_seeds_than_there_are_random_encoders)
{
    for (int seeds = 1; seeds <= 2 * RANDOM_ENCODERS; ++seeds) {
        const struct probing_scale scale = scale_of(TIER_DESK, 0, seeds);
        cr_expect_eq(scale.seeds, (size_t)seeds);
        cr_expect_eq(scale.control_seeds,
                     (size_t)(seeds < RANDOM_ENCODERS ? seeds : RANDOM_ENCODERS));
    }
}
