/// Which OpenBLAS kernels compute, and how: decided once, first thing in every program, because
/// the kernel decides the bits. OpenBLAS 0.3.21 does not know recent CPUs and may fall to a
/// kernel five times too slow; an empty OPENBLAS_CORETYPE has the same effect.
#ifndef MASKBOOK_LINALG_CORETYPE_H
#define MASKBOOK_LINALG_CORETYPE_H

/// Sets OpenBLAS to one thread and to the policy's core type: the user's non-empty
/// OPENBLAS_CORETYPE, else SkylakeX where the CPU has AVX-512 (F, DQ, BW, VL, CD), else Haswell
/// where it has AVX2 and FMA, else OpenBLAS's own choice. The library reads the variable when it is
/// loaded, so when the kernel in force differs, the program sets it and executes itself again
/// (once); hence call this before anything else in main. Dies (EXIT_SYSTEM) when the kernel in
/// force afterwards is not the one asked for, (EXIT_USAGE) when the user named an unknown one.
void coretype_open(char **argv);

/// The kernel in force, e.g. "SkylakeX"; static storage.
const char *coretype_name(void);

/// OpenBLAS's build string (openblas_get_config).
const char *coretype_library(void);

#endif
