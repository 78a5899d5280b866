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
    static const char *const choices[] = {"auto", "fp32", "bf16", "bf16-dot"};
    static const enum arithmetic chosen[] = {FP32, FP32, BF16, BF16_DOT};
    size_t choice = parse_choice("--arithmetic", text, choices, 4);
    if (choice == 0) return fastest();
    if (double_build && chosen[choice] != FP32)
        die(EXIT_USAGE, "--arithmetic: %s is not for MODE=double (use fp32)", text);
    return chosen[choice];
}

const char *arithmetic_name(enum arithmetic arithmetic)
{
    if (arithmetic == FP32 && double_build) return "fp64";
    static const char *const names[] = {
        [FP32] = "fp32", [BF16] = "bf16", [BF16_DOT] = "bf16-dot"};
    return names[arithmetic];
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
