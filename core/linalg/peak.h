/// The peak rate of multiply-adds of this CPU's cores, with which products are compared. A core's
/// clock moves, and a virtual core may share a physical one, so the peak is measured next to what
/// it is compared with, not looked up.
#ifndef MASKBOOK_LINALG_PEAK_H
#define MASKBOOK_LINALG_PEAK_H

#include "core/linalg/arithmetic.h"

/// Floating-point operations a second, two for a multiply-add, of `threads` threads at once that
/// multiply and add in registers for about `seconds`: the sum of the threads' medians over five
/// windows. 0 where the CPU has no instruction for it.
/// FP32: fused multiply-adds of the widest vectors that core/linalg/product.h uses. BF16: AMX
/// tiles. BF16_DOT: VDPBF16PS on 512-bit vectors. The numbers are neither zeros nor powers of two,
/// which some CPUs multiply at a higher clock.
/// Requires 1..256 threads and one caller at a time. Dies (EXIT_SYSTEM) when a thread is refused.
double peak_rate(enum arithmetic arithmetic, int threads, double seconds);

/// The instruction that peak_rate measures: "AVX-512", "AVX2", "AMX", "AVX512-BF16", or "none".
const char *peak_instruction(enum arithmetic arithmetic);

#endif
