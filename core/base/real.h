/// `real`, the number type of models and training: float in release builds, double with
/// MODE=double, where central differences are accurate enough (1e-6 relative) to check every
/// hand-written gradient. Analysis and statistics use double in every mode.
#ifndef MASKBOOK_BASE_REAL_H
#define MASKBOOK_BASE_REAL_H

#ifdef REAL_DOUBLE
typedef double real;
#else
typedef float real;
#endif

/// Marks an elementwise kernel. The compiler emits it for AVX-512, AVX2 and plain x86-64, and the
/// dynamic loader picks one at start-up, so one binary runs everywhere. Contraction into fused
/// multiply-adds is off (-ffp-contract=off), so all three give the same bits. Sanitizer builds have
/// no clones, because the loader would call an instrumented resolver before the sanitizer is ready.
#if defined(__SANITIZE_ADDRESS__) || defined(NO_KERNEL_CLONES)
#define KERNEL
#else
#define KERNEL                                                                         \
    __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

#endif
