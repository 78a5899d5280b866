#include "core/linalg/arithmetic.h"

#include <criterion/criterion.h>
#include <string.h>

#include "core/base/real.h"
#include "core/linalg/amx.h"
#include "core/linalg/coretype.h"
#include "core/linalg/gemm_bf16.h"
#include "core/linalg/product.h"
#include "tests/ending.h"

static void choose(const void *text)
{
    arithmetic_choose(text);
}

Test(arithmetic, fp32_is_chosen_whatever_the_cpu_has)
{
    for (int tiles = 0; tiles < 2; ++tiles) {
        amx_assume(tiles);
        cr_expect_eq(arithmetic_choose("fp32"), FP32);
    }
}

Test(arithmetic, any_other_text_is_a_usage_error_that_lists_the_choices)
{
    const char *const parts[] = {"--arithmetic", "auto",     "fp32",
                                 "bf16",         "bf16-dot", NULL};
    const char *const texts[] = {"",     "BF16",  "bf16 ", "bfloat16",
                                 "fp64", "float", "bf16-", "bf16_dot"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; ++i)
        expect_death_naming(__LINE__, choose, texts[i], 2, parts);
}

#ifdef REAL_DOUBLE

Test(arithmetic, the_double_build_knows_no_bf16)
{
    amx_assume(1);
    cr_expect_eq(arithmetic_choose("auto"), FP32);
    cr_expect_str_eq(arithmetic_name(FP32), "fp64");
    expect_death(__LINE__, choose, "bf16", 2, "bf16 is not for MODE=double (use fp32)");
    expect_death(__LINE__, choose, "bf16-dot", 2,
                 "bf16-dot is not for MODE=double (use fp32)");
    cr_expect(arithmetic_is_native(FP32));
}

#else

Test(arithmetic, auto_is_tiles_then_dot_products_then_fp32)
{
    amx_assume(1);
    cr_expect_eq(arithmetic_choose("auto"), BF16);
    amx_assume(0);
    cr_expect_eq(arithmetic_choose("auto"), cpu_has_avx512_bf16() ? BF16_DOT : FP32);
}

Test(arithmetic, bf16_is_had_on_every_cpu_that_is_asked_for_it)
{
    amx_assume(0);
    cr_expect_eq(arithmetic_choose("bf16"), BF16);
    cr_expect_eq(arithmetic_choose("bf16-dot"), BF16_DOT);
}

Test(arithmetic, is_native_where_the_cpu_has_the_instruction)
{
    for (int tiles = 0; tiles < 2; ++tiles) {
        amx_assume(tiles);
        cr_expect_eq(arithmetic_is_native(BF16), tiles);
    }
    cr_expect_eq(arithmetic_is_native(BF16_DOT), cpu_has_avx512_bf16());
    cr_expect(arithmetic_is_native(FP32));
}

Test(arithmetic, has_the_kernel_of_its_products)
{
    cr_assert(gemm_bf16_path_use(BF16, "portable"));
    cr_assert(gemm_bf16_path_use(BF16_DOT, NULL));
    cr_expect_str_eq(arithmetic_kernel(BF16), "portable");
    cr_expect_str_eq(arithmetic_kernel(BF16_DOT), gemm_bf16_path(BF16_DOT));
    cr_expect_eq(!strcmp(arithmetic_kernel(BF16_DOT), "AVX512-BF16"), dot_available());
    cr_expect_str_eq(arithmetic_kernel(FP32), product_path());
}

Test(arithmetic, names_are_the_texts_that_choose)
{
    static const char *const names[] = {"fp32", "bf16", "bf16-dot"};
    for (enum arithmetic arithmetic = FP32; arithmetic <= BF16_DOT; ++arithmetic) {
        cr_expect_str_eq(arithmetic_name(arithmetic), names[arithmetic]);
        cr_expect_eq(arithmetic_choose(names[arithmetic]), arithmetic);
    }
}

#endif
