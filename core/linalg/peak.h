/// The most that this CPU's cores can multiply and add: the measure of every product. A core's clock moves,
/// and a virtual one may share its core with a neighbour, so the peak is not looked up but measured, next
/// to what it is compared with.
#ifndef MASKBOOK_LINALG_PEAK_H
#define MASKBOOK_LINALG_PEAK_H

#include "core/linalg/arithmetic.h"

/// Floating-point operations a second, a multiply-add being two, of `threads` threads at once that do
/// nothing but multiply and add in registers for about `seconds`, each thread's median over five parts of
/// them; 0 where the CPU has no instruction for that. FP32: fused multiply-adds of the widest vectors that core/linalg/product.h uses. BF16: AMX tiles.
/// The numbers are neither zeros nor powers of two, which some CPUs multiply at a higher clock.
/// Not for two callers at a time. Dies (EXIT_SYSTEM) when a thread is refused.
double peak_rate(enum arithmetic arithmetic, int threads, double seconds);

/// The instruction: "AVX-512", "AVX2", "AMX", or "none".
const char *peak_instruction(enum arithmetic arithmetic);

#endif
