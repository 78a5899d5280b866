/// Which OpenBLAS kernels compute, and how: decided once, first thing in every program, because
/// the kernel decides the bits. OpenBLAS 0.3.21 does not know recent CPUs and may fall to a
/// kernel five times too slow; an empty OPENBLAS_CORETYPE has the same effect.
#ifndef MASKBOOK_LINALG_CORETYPE_H
#define MASKBOOK_LINALG_CORETYPE_H

/// Sets OpenBLAS to one thread and to the policy's core type: the user's non-empty
/// OPENBLAS_CORETYPE, else SkylakeX where the CPU has AVX-512 (F, DQ, BW, VL, CD), else Haswell
/// where it has AVX2 and FMA, else OpenBLAS's own choice. The library reads the variable when it is
/// loaded; when the kernel in force differs, the variable is set and the library is made to choose
/// again, inside this process or, where it does not export that, by executing the program again
/// (once). Hence call this before anything else in main. Children inherit the variable. Dies
/// (EXIT_SYSTEM) when the kernel in force afterwards is not the one asked for, (EXIT_USAGE) when
/// the user named one that OpenBLAS does not know or this CPU cannot run.
/// argv as given to main, ending in NULL; used for the second execution only.
void coretype_open(char **argv);

/// The kernel in force, e.g. "SkylakeX"; static storage.
const char *coretype_name(void);

/// Whether products may use fused multiply-adds: the CPU has them (and AVX2), and OPENBLAS_CORETYPE does
/// not name a core type without them, which asks for the results of such a CPU.
int coretype_fuses(void);

/// Whether this CPU, and its operating system, offer AVX2 with FMA; AVX-512 F, DQ, BW, VL and CD.
int cpu_has_avx2(void);
int cpu_has_avx512(void);

/// OpenBLAS's build string (openblas_get_config).
const char *coretype_library(void);

#endif
