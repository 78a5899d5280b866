#include "core/base/clock.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

Test(clock, counts_seconds_and_never_back)
{
    double start = clock_seconds(), last = start;
    for (int i = 0; i < 100000; ++i) {
        double now = clock_seconds();
        cr_assert_geq(now, last);
        last = now;
    }
    start = clock_seconds();
    nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
    double slept = clock_seconds() - start;
    cr_expect(slept >= .05 && slept < 10, "%g", slept);
}

Test(clock, the_peak_is_in_bytes_and_stays_after_memory_is_freed)
{
    enum { SIZE = 200 << 20 };
    char *memory = malloc(SIZE);
    cr_assert(memory);
    memset(memory, 1, SIZE);
    cr_expect_eq(memory[SIZE - 1], 1);
    double peak = clock_peak_bytes();
    free(memory);
    cr_expect(peak >= SIZE && peak < 1e12, "%g", peak);
    cr_expect_geq(clock_peak_bytes(), peak);
}
