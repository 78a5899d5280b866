#include "core/linalg/arithmetic.h"

#include "core/base/die.h"
#include "core/base/options.h"
#include "core/base/real.h"
#include "core/linalg/amx.h"

enum arithmetic arithmetic_choose(const char *text)
{
    static const char *const choices[] = {"auto", "fp32", "bf16"};
    const int double_build = sizeof(real) != sizeof(float);
    switch (parse_choice("--arithmetic", text, choices, 3)) {
    case 0:
        return !double_build && amx_available() ? BF16 : FP32;
    case 1:
        return FP32;
    default:
        if (double_build)
            die(EXIT_USAGE, "--arithmetic: bf16 is not for MODE=double (use fp32)");
        return BF16;
    }
}

const char *arithmetic_name(enum arithmetic arithmetic)
{
    if (arithmetic == BF16) return "bf16";
    return sizeof(real) == sizeof(float) ? "fp32" : "fp64";
}
