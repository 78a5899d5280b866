/// Intel's Advanced Matrix Extensions: whether tiles work here, and their instructions as gcc 12's header
/// should have them. (Its loads do not say that they read memory, so that the stores before them, into a
/// buffer or of a configuration, may be dropped.) See the Intel 64 and IA-32 Architectures Software
/// Developer's Manual, volume 1, chapter "Programming with Intel AMX".
#ifndef MASKBOOK_LINALG_AMX_H
#define MASKBOOK_LINALG_AMX_H

#include <stddef.h>

/// Whether this CPU has tiles with bfloat16 products, its operating system lets this process use them, and
/// they work. Asks for the permission and tries, once; threads may ask at the same time. Leaf 1DH of CPUID
/// is not consulted: some hypervisors hide it.
int amx_available(void);

/// For tests that execute the instructions by an emulator: from now on amx_available() says `available`
/// without looking at the CPU.
void amx_assume(int available);

/// Configures the calling thread's tiles, unless they are so already: 0..5, for C and A, as `rows` rows of
/// 64 bytes, 6 and 7, for B, as 16. Their contents are lost when that changes anything. Requires
/// amx_available() and rows = 1..16.
void amx_configure_rows(size_t rows);

/// The same with 16 rows.
void amx_configure(void);

/// Tile number t, a literal 0..7, from or to its rows of 64 bytes, `stride` bytes from row to row.
#define AMX_LOAD(t, base, stride)                                                      \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #t ::"r"(base),                      \
                     "r"((size_t)(stride))                                             \
                     : "memory")
#define AMX_STORE(base, stride, t)                                                     \
    __asm__ volatile("tilestored %%tmm" #t ", (%0,%1,1)" ::"r"(base),                  \
                     "r"((size_t)(stride))                                             \
                     : "memory")
#define AMX_ZERO(t) __asm__ volatile("tilezero %%tmm" #t ::: "memory")

/// Tile c += tile a times tile b: rows x 16 floats, rows x 32 bfloat16 numbers of A, 32 x 16 of B in pairs.
#define AMX_MULTIPLY(c, a, b)                                                          \
    __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #c ::: "memory")

#endif
