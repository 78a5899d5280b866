// Linked with every runner in MODE=tsan.
#include <stdlib.h>

// A race ends the test at once.
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "halt_on_error=1:exitcode=66";
}

// ThreadSanitizer leaves a program few addresses. Criterion hands a test's arguments to its process
// in memory at 0x200000000000 + (rand_r & 0x3fffff) * 2^24, which mostly belongs to the sanitizer's
// tables, and then no test would run. This rand_r stays within 0x557000000000 .. 0x567000000000,
// which is free.
int rand_r(unsigned *seed)
{
    enum { FIRST = 0x357000, COUNT = 0x10000 };
    return FIRST + (int)((*seed)++ * 2654435769u >> 16) % COUNT;
}
