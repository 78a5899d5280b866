/// The scalar of models and training. Release builds compute in float; `MODE=double`
/// compiles the same sources in double, where central differences are sharp enough
/// (1e-6 relative) to prove every hand-written gradient. Analysis and statistics say
/// `double` outright and do not change with the mode.
#ifndef MASKBOOK_BASE_REAL_H
#define MASKBOOK_BASE_REAL_H

#ifdef REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/// Marks an elementwise kernel: the compiler emits it for AVX-512, AVX2 and plain x86-64 and
/// the loader picks at start-up, so one binary runs everywhere. Contraction into fused
/// multiply-adds is off (-ffp-contract=off), so all three give the same bits.
/// Sanitizers instrument the loader's resolver before they are ready, hence the exception.
#if defined(__SANITIZE_ADDRESS__) || defined(NO_KERNEL_CLONES)
#define KERNEL
#else
#define KERNEL                                                                         \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

#endif
