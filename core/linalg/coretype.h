/// The choice of OpenBLAS's kernels, made first thing in every program because the kernel decides
/// the bits. OpenBLAS 0.3.21 does not know recent CPUs and may fall back to a kernel five times
/// slower; an empty OPENBLAS_CORETYPE has the same effect.
#ifndef MASKBOOK_LINALG_CORETYPE_H
#define MASKBOOK_LINALG_CORETYPE_H

/// Sets OpenBLAS to one thread and to the policy's core type: the user's non-empty
/// OPENBLAS_CORETYPE, else SkylakeX where the CPU has AVX-512 (F, DQ, BW, VL, CD), else Haswell
/// where it has AVX2 and FMA, else OpenBLAS's own choice. The library reads the variable when it is
/// loaded. When the kernel in force differs, this sets the variable and makes the library choose
/// again, inside the process or, where the library does not export that, by executing the program
/// once more: so call it before anything else in main. Children inherit the variable.
/// argv  as given to main, ending in NULL; for the second execution only
/// Dies (EXIT_USAGE) when the user named a kernel that OpenBLAS does not know or this CPU cannot
/// run, (EXIT_SYSTEM) when the kernel in force afterwards is not the one asked for.
void coretype_open(char **argv);

/// The kernel in force, e.g. "SkylakeX"; static storage.
const char *coretype_name(void);

/// Whether products may use fused multiply-adds: the CPU has them (and AVX2), and OPENBLAS_CORETYPE
/// names no core type without them, which would ask for the results of such a CPU.
int coretype_fuses(void);

/// Whether this CPU, and its operating system, offer AVX2 with FMA; AVX-512 F, DQ, BW, VL and CD;
/// these and AVX512_BF16.
int cpu_has_avx2(void);
int cpu_has_avx512(void);
int cpu_has_avx512_bf16(void);

/// OpenBLAS's build string (openblas_get_config).
const char *coretype_library(void);

#endif
