/// Intel's Advanced Matrix Extensions: whether tiles work here, and their instructions. gcc 12's
/// header does not say that tile loads read memory, so the compiler may drop the stores before
/// them, into a buffer or of a configuration; these macros say it. See the Intel 64 and IA-32
/// Architectures Software Developer's Manual, volume 1, chapter "Programming with Intel AMX".
#ifndef MASKBOOK_LINALG_AMX_H
#define MASKBOOK_LINALG_AMX_H

#include <stddef.h>

/// Whether bfloat16 products on tiles work: the CPU has them, the operating system lets this
/// process use them, and a trial succeeds. Asks and tries once; threads may ask at the same time.
/// Does not consult leaf 1DH of CPUID, which some hypervisors hide.
int amx_available(void);

/// For tests that emulate the instructions: amx_available() returns `available` from now on,
/// without looking at the CPU.
void amx_assume(int available);

/// Configures the calling thread's tiles, unless they are configured so already: 0..5, for C and A,
/// as `rows` rows of 64 bytes; 6 and 7, for B, as 16 rows. A change loses their contents.
/// Requires amx_available() and rows = 1..16.
void amx_configure_rows(size_t rows);

/// amx_configure_rows(16).
void amx_configure(void);

/// Loads or stores tile t, a literal 0..7: rows of 64 bytes, `stride` bytes from row to row.
#define AMX_LOAD(t, base, stride)                                                      \
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm" #t ::"r"(base),                      \
                     "r"((size_t)(stride))                                             \
                     : "memory")
#define AMX_STORE(base, stride, t)                                                     \
    __asm__ volatile("tilestored %%tmm" #t ", (%0,%1,1)" ::"r"(base),                  \
                     "r"((size_t)(stride))                                             \
                     : "memory")
#define AMX_ZERO(t) __asm__ volatile("tilezero %%tmm" #t ::: "memory")

/// Tile c += tile a times tile b: rows x 16 floats += rows x 32 bfloat16 times 32 x 16, in pairs.
#define AMX_MULTIPLY(c, a, b)                                                          \
    __asm__ volatile("tdpbf16ps %%tmm" #b ", %%tmm" #a ", %%tmm" #c ::: "memory")

#endif
