/// Which of several kernels computes a product: chosen by CPU at the first product, or by name in
/// tests and benchmarks. One table of kernels and one `struct kernel_choice` for each arithmetic.
#ifndef MASKBOOK_LINALG_KERNEL_CHOICE_H
#define MASKBOOK_LINALG_KERNEL_CHOICE_H

#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "core/linalg/gemm_bf16.h"
#include "core/linalg/panel_kernel.h"

struct kernel {
    const char *name;
    int (*runs)(void);   ///< whether this CPU can execute it; NULL: every CPU
    int (*wanted)(void); ///< whether the choice by CPU may take it; NULL: yes
    union {
        panel_function *panel;
        gemm_bf16_function *bf16;
    };
};

struct kernel_choice {
    const struct kernel *kernels; ///< fastest first; the last one runs everywhere
    size_t count;
    _Atomic(const struct kernel *) chosen; ///< NULL until the first product
};

static inline int kernel_runs(const struct kernel *kernel)
{
    return !kernel->runs || kernel->runs();
}

/// The fastest that this CPU can execute.
static inline const struct kernel *kernel_by_cpu(const struct kernel_choice *choice)
{
    const struct kernel *kernel = choice->kernels;
    while (!kernel_runs(kernel) || (kernel->wanted && !kernel->wanted())) ++kernel;
    return kernel;
}

/// The kernel in force. Threads may ask at the same time: two that come first choose the same.
static inline const struct kernel *kernel_chosen(struct kernel_choice *choice)
{
    const struct kernel *kernel =
        atomic_load_explicit(&choice->chosen, memory_order_relaxed);
    if (kernel) return kernel;
    kernel = kernel_by_cpu(choice);
    atomic_store_explicit(&choice->chosen, kernel, memory_order_relaxed);
    return kernel;
}

/// Puts the kernel of that name in force, or with NULL the choice by CPU. Returns 0, and changes
/// nothing, when there is no such kernel or this CPU cannot execute it.
static inline int kernel_use(struct kernel_choice *choice, const char *name)
{
    const struct kernel *kernel = name ? NULL : kernel_by_cpu(choice);
    for (size_t i = 0; name && i < choice->count; ++i)
        if (!strcmp(choice->kernels[i].name, name) && kernel_runs(&choice->kernels[i]))
            kernel = &choice->kernels[i];
    if (kernel) atomic_store(&choice->chosen, kernel);
    return kernel != NULL;
}

#endif
