#include "core/train/schedule.h"

#include <criterion/criterion.h>
#include <math.h>

#include "tests/ending.h"

// The public code sets the rate once an epoch e: min((e + 1) / 200, (1 + cos(pi e / 2000)) / 2).
Test(schedule, with_one_update_an_epoch_it_is_the_public_codes)
{
    double peak = 0;
    for (int e = 0; e < 2000; ++e) {
        double want = fmin((e + 1.) / 200, .5 * (1 + cos(M_PI * e / 2000.)));
        double got = schedule_factor(e, 1, 200, 2000);
        cr_assert(fabs(got - want) <= 1e-15, "epoch %d: %.17g not %.17g", e, got, want);
        peak = fmax(peak, got);
    }
    // The cosine starts at epoch 0, so the warm-up never reaches 1.
    cr_expect(fabs(peak - .9767) < 5e-5, "the peak is %.5f", peak);
}

Test(schedule, the_first_update_of_a_warm_up_is_not_lost)
{
    double step = 128. / 50000;
    cr_expect_float_eq(schedule_factor(0, step, 5, 63), step / 5, 1e-18);
}

Test(schedule, rises_through_the_warm_up_and_falls_after_it_to_zero)
{
    double step = .01, before = 0;
    for (double epoch = 0; epoch + step <= .97; epoch += step) {
        double factor = schedule_factor(epoch, step, 1, 10);
        cr_assert_gt(factor, before);
        before = factor;
    }
    before = 1;
    for (double epoch = 1.1; epoch < 10; epoch += step) {
        double factor = schedule_factor(epoch, step, 1, 10);
        cr_assert_lt(factor, before);
        before = factor;
    }
    cr_expect_lt(before, 1e-4);
    cr_expect_float_eq(schedule_factor(10.5, step, 1, 10), 0, 1e-15);
}

Test(schedule, without_warm_up_it_starts_at_the_peak)
{
    cr_expect_eq(schedule_factor(0, .01, 0, 10), 1);
}

BREAKS(schedule, no_epochs_are_no_schedule, "epochs > 0")
{
    schedule_factor(0, .01, 0, 0);
}
