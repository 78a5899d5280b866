#include "core/base/phase.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>

#include "core/base/clock.h"
#include "tests/ending.h"

// Bounds on the time that something took, since a thread may be interrupted anywhere.
struct span {
    double least, most;
};

static double spin(double seconds)
{
    double start = clock_seconds(), spent;
    while ((spent = clock_seconds() - start) < seconds) continue;
    return spent;
}

// Spends time in `phase` and adds it to `span`.
static void spin_in(struct span *span, enum phase phase, double seconds)
{
    double start = clock_seconds();
    enum phase before = phase_enter(phase);
    span->least += spin(seconds);
    phase_enter(before);
    span->most += clock_seconds() - start;
}

// In the time of a test the rate of the time stamp counter is known to a thousandth.
static void expect_within(int line, double got, struct span span)
{
    cr_expect(got >= span.least * .999 - 1e-6 && got <= span.most * 1.001 + 1e-6,
              "line %d: %g s, not %g to %g s", line, got, span.least, span.most);
}

Test(phase, time_goes_to_the_phase_that_ran)
{
    double seconds[PHASES];
    struct span product = {0, 0}, fold = {0, 0}, other = {0, 0};
    double start = clock_seconds();
    phase_clear();
    spin_in(&product, PHASE_PRODUCT, .03);
    spin_in(&fold, PHASE_FOLD, .01);
    spin_in(&product, PHASE_PRODUCT, .02);
    other.least = spin(.015);
    phase_seconds(seconds);
    other.most = clock_seconds() - start - product.least - fold.least;
    expect_within(__LINE__, seconds[PHASE_PRODUCT], product);
    expect_within(__LINE__, seconds[PHASE_FOLD], fold);
    expect_within(__LINE__, seconds[PHASE_OTHER], other);
    cr_expect_eq(seconds[PHASE_ATTENTION], 0);
}

Test(phase, what_is_inside_is_charged_once)
{
    double seconds[PHASES];
    struct span inner = {0, 0}, outer = {0, 0};
    phase_clear();
    double start = clock_seconds();
    cr_expect_eq(phase_enter(PHASE_ATTENTION), PHASE_OTHER);
    spin_in(&inner, PHASE_ELEMENTWISE, .02);
    outer.least = spin(.02);
    cr_expect_eq(phase_enter(PHASE_OTHER), PHASE_ATTENTION);
    outer.most = clock_seconds() - start - inner.least;
    phase_seconds(seconds);
    expect_within(__LINE__, seconds[PHASE_ELEMENTWISE], inner);
    expect_within(__LINE__, seconds[PHASE_ATTENTION], outer);
}

Test(phase, the_phase_that_runs_is_charged_up_to_the_reading)
{
    double seconds[PHASES], start = clock_seconds();
    phase_enter(PHASE_PACK);
    phase_clear();
    struct span pack = {spin(.02), 0};
    phase_seconds(seconds);
    pack.most = clock_seconds() - start;
    expect_within(__LINE__, seconds[PHASE_PACK], pack);
    cr_expect_eq(phase_enter(PHASE_OTHER), PHASE_PACK, "reading changes no phase");
}

Test(phase, clearing_sets_times_to_zero)
{
    double seconds[PHASES];
    struct span before = {0, 0};
    spin_in(&before, PHASE_OPTIMISER, .01);
    double start = clock_seconds();
    phase_clear();
    phase_seconds(seconds);
    struct span other = {0, clock_seconds() - start};
    expect_within(__LINE__, seconds[PHASE_OTHER], other);
    cr_expect_eq(seconds[PHASE_OPTIMISER], 0);
}

enum { THREADS = 4 };

static void *thread_main(void *argument)
{
    spin_in(argument, PHASE_PRODUCT, .02);
    return NULL;
}

Test(phase, threads_add_up_also_when_they_have_ended)
{
    double seconds[PHASES];
    struct span spans[THREADS] = {{0, 0}}, sum = {0, 0};
    phase_clear();
    spin_in(&sum, PHASE_PRODUCT, .01);
    for (int round = 0; round < 3; ++round) {
        pthread_t thread[THREADS];
        for (int t = 0; t < THREADS; ++t)
            cr_assert_eq(pthread_create(&thread[t], NULL, thread_main, &spans[t]), 0);
        for (int t = 0; t < THREADS; ++t) pthread_join(thread[t], NULL);
    }
    for (int t = 0; t < THREADS; ++t) {
        sum.least += spans[t].least;
        sum.most += spans[t].most;
    }
    phase_seconds(seconds);
    expect_within(__LINE__, seconds[PHASE_PRODUCT], sum);
}

// A thread that keeps running and signals when it has left its phase.
struct waiter {
    struct span fold;
    pthread_barrier_t done, read;
};

static void *waiter_main(void *argument)
{
    struct waiter *waiter = argument;
    spin_in(&waiter->fold, PHASE_FOLD, .02);
    pthread_barrier_wait(&waiter->done);
    pthread_barrier_wait(&waiter->read);
    return NULL;
}

Test(phase, a_thread_that_waits_is_counted)
{
    double seconds[PHASES];
    struct waiter waiter = {.fold = {0, 0}};
    pthread_t thread;
    phase_clear();
    pthread_barrier_init(&waiter.done, NULL, 2);
    pthread_barrier_init(&waiter.read, NULL, 2);
    cr_assert_eq(pthread_create(&thread, NULL, waiter_main, &waiter), 0);
    pthread_barrier_wait(&waiter.done);
    phase_seconds(seconds);
    expect_within(__LINE__, seconds[PHASE_FOLD], waiter.fold);
    phase_clear();
    pthread_barrier_wait(&waiter.read);
    pthread_join(thread, NULL);
    phase_seconds(seconds);
    cr_expect_eq(seconds[PHASE_FOLD], 0, "what another thread was charged is cleared");
    pthread_barrier_destroy(&waiter.done);
    pthread_barrier_destroy(&waiter.read);
}

Test(phase, every_phase_has_its_name)
{
    for (int p = 0; p < PHASES; ++p) {
        cr_expect(*phase_name(p));
        for (int q = 0; q < p; ++q) cr_expect_str_neq(phase_name(p), phase_name(q));
    }
}

static void name_of_none(const void *unused)
{
    (void)unused;
    phase_name(PHASES);
}

Test(phase, there_is_no_other_phase)
{
    expect_ending(__LINE__, name_of_none, NULL, -SIGABRT, "phase 7");
}
