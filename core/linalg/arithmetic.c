#include "core/linalg/arithmetic.h"

#include "core/base/die.h"
#include "core/base/options.h"
#include "core/base/real.h"
#include "core/linalg/amx.h"
#include "core/linalg/gemm_bf16.h"
#include "core/linalg/product.h"

static const int double_build = sizeof(real) != sizeof(float);

static enum arithmetic fastest(void)
{
    if (double_build) return FP32;
    return amx_available() ? BF16 : dot_available() ? BF16_DOT : FP32;
}

enum arithmetic arithmetic_choose(const char *text)
{
    const size_t choice =
        parse_choice("--arithmetic", text, arithmetic_words, ARITHMETIC_COUNT);
    if (choice == 0) return fastest();
    const enum arithmetic chosen = (enum arithmetic)(choice - 1);
    if (double_build && chosen != FP32)
        die(EXIT_USAGE, "--arithmetic: %s is not for MODE=double (use fp32)", text);
    return chosen;
}

const char *arithmetic_name(enum arithmetic arithmetic)
{
    if (arithmetic == FP32 && double_build) return "fp64";
    return arithmetic_words[arithmetic + 1];
}

int arithmetic_is_native(enum arithmetic arithmetic)
{
    return arithmetic == FP32 ||
           (arithmetic == BF16 ? amx_available() : dot_available());
}

const char *arithmetic_kernel(enum arithmetic arithmetic)
{
    return arithmetic == FP32 ? product_path() : gemm_bf16_path(arithmetic);
}
