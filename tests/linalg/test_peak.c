#include "core/linalg/peak.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/linalg/amx.h"
#include "core/linalg/coretype.h"
#include "core/linalg/gemm.h"
#include "core/linalg/gemm_bf16.h"
#include "tests/ending.h"
#include "tests/linalg/amx_emulator.h"

// More than any machine can do: a faster probe was emptied by the compiler, or counts its flops in
// another unit.
static void expect_plausible(int line, double rate)
{
    cr_expect(rate > 1e7 && rate < 1e14, "line %d: %g flops a second", line, rate);
}

Test(peak, of_vectors_is_measured_where_there_are_multiply_adds)
{
    double rate = peak_rate(FP32, 1, .005);
    if (cpu_has_avx2()) {
        expect_plausible(__LINE__, rate);
        cr_expect_str_eq(peak_instruction(FP32), cpu_has_avx512() ? "AVX-512" : "AVX2");
    } else {
        cr_expect_eq(rate, 0);
        cr_expect_str_eq(peak_instruction(FP32), "none");
    }
}

Test(peak, of_pairs_is_measured_where_there_is_the_instruction)
{
    double rate = peak_rate(BF16_DOT, 1, .005);
    cr_expect_str_eq(peak_instruction(BF16_DOT),
                     dot_available() ? "AVX512-BF16" : "none");
    if (dot_available())
        expect_plausible(__LINE__, rate);
    else
        cr_expect_eq(rate, 0);
}

enum { SIDE = 256 };

// The best rate of OpenBLAS on a square product in about a fifth of a second.
static double rate_of_gemm(void)
{
    static real a[SIDE * SIDE], b[SIDE * SIDE], c[SIDE * SIDE];
    double best = 0;
    for (int i = 0; i < SIDE * SIDE; ++i) {
        a[i] = (real)(i % 7) - 3;
        b[i] = (real)(i % 5) - 2;
    }
    for (double start = clock_seconds(); clock_seconds() - start < .2;) {
        double before = clock_seconds();
        gemm(c, a, PLAIN, b, PLAIN, SIDE, SIDE, SIDE, 0);
        double rate = 2. * SIDE * SIDE * SIDE / (clock_seconds() - before);
        if (rate > best) best = rate;
    }
    return best;
}

// The best rate of our kernel on a square product in bfloat16, in a twentieth of a second.
static double rate_of_pairs(void)
{
    static float c[SIDE * SIDE];
    static bf16 a[SIDE * SIDE + TILE_DEPTH], b[SIDE * SIDE];
    double best = 0;
    for (int i = 0; i < SIDE * SIDE; ++i) a[i] = b[i] = bf16_round((float)(i % 7) - 3);
    for (double start = clock_seconds(); clock_seconds() - start < .05;) {
        double before = clock_seconds();
        gemm_dot(c, SIDE, a, SIDE, b, SIDE * TILE_SIDE, SIDE, SIDE, SIDE, 0);
        double rate = 2. * SIDE * SIDE * SIDE / (clock_seconds() - before);
        if (rate > best) best = rate;
    }
    return best;
}

// If an instruction counted for less than it does, a product could exceed the peak.
static void expect_unbeaten(int line, enum arithmetic arithmetic, double product)
{
    double peak = 0;
    for (int i = 0; i < 200; ++i) {
        double rate = peak_rate(arithmetic, 1, .0005); // short: some go undisturbed
        if (rate > peak) peak = rate;
    }
    cr_expect(product < 1.1 * peak, "line %d: a product does %g, the peak is %g", line,
              product, peak);
}

Test(peak, is_not_beaten_by_a_product)
{
    if (!cpu_has_avx2()) cr_skip_test("no fused multiply-adds on this CPU");
    char *arguments[] = {(char[]){"test"}, NULL};
    coretype_open(arguments); // one thread
    expect_unbeaten(__LINE__, FP32, rate_of_gemm());
    if (dot_available()) expect_unbeaten(__LINE__, BF16_DOT, rate_of_pairs());
}

Test(peak, of_several_threads_is_measured)
{
    if (!cpu_has_avx2()) cr_skip_test("no fused multiply-adds on this CPU");
    // With fewer processors than threads they share.
    expect_plausible(__LINE__, peak_rate(FP32, 3, .005));
}

Test(peak, lasts_as_long_as_it_is_told)
{
    if (!cpu_has_avx2()) cr_skip_test("no fused multiply-adds on this CPU");
    double start = clock_seconds();
    peak_rate(FP32, 1, .05);
    double spent = clock_seconds() - start;
    cr_expect(spent >= .05 && spent < 10, "%g s", spent);
}

Test(peak, of_tiles_is_measured_where_there_are_tiles)
{
    amx_emulate();
    cr_expect_str_eq(peak_instruction(BF16), "AMX");
    double rate = peak_rate(BF16, 1, .001);
    cr_expect(rate > 1e5 && rate < 1e14, "%g flops a second", rate);
}

Test(peak, is_none_without_tiles)
{
    amx_assume(0);
    cr_expect_eq(peak_rate(BF16, 1, .001), 0);
    cr_expect_str_eq(peak_instruction(BF16), "none");
}

static void no_threads(const void *unused)
{
    (void)unused;
    peak_rate(FP32, 0, .001);
}

Test(peak, of_no_threads_aborts)
{
    expect_ending(__LINE__, no_threads, NULL, -SIGABRT, "0 threads");
}
