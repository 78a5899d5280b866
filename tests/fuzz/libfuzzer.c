// What libFuzzer calls.
#include "tests/fuzz/reader.h"

#include <stdio.h>

#include "core/base/die.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

// libFuzzer reports on stderr; stdout is what a reader prints, its --help for one.
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    trials_open();
    require(freopen("/dev/null", "w", stdout), "no /dev/null");
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    trial(bytes, size);
    return 0;
}
