/// machine: what this machine computes with, one fact a line: the CPU, the OpenBLAS kernel in
/// force, the number of threads, the kernels of products and the arithmetic that trains; and a
/// canary, the hash of one fixed product and eigenproblem. Two machines with the same canary give
/// the same bits. `make doctor` runs it.
#include <stdio.h>
#include <string.h>

#include "core/base/cpu.h"
#include "core/base/die.h"
#include "core/base/hash.h"
#include "core/base/options.h"
#include "core/base/rng.h"
#include "core/linalg/arithmetic.h"
#include "core/linalg/coretype.h"
#include "core/linalg/eigen.h"
#include "core/linalg/gemm.h"

enum {
    SIDE = 96
}; ///< rows of the canary's matrices; not a multiple of every kernel's tile

// hex (HASH_HEX) = hash of C = A B and of the eigenvalues of A A^T in double, A and B normal.
static void canary(char hex[HASH_HEX])
{
    static real a[SIDE * SIDE], b[SIDE * SIDE], c[SIDE * SIDE];
    static double wide[SIDE * SIDE], square[SIDE * SIDE], values[SIDE];
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < SIDE * SIDE; ++i) {
        wide[i] = rng_normal(&rng);
        a[i] = (real)wide[i];
        b[i] = (real)rng_normal(&rng);
    }
    gemm(c, a, PLAIN, b, PLAIN, SIDE, SIDE, SIDE, 0);
    gemm_doubles(square, wide, PLAIN, wide, TRANSPOSED, SIDE, SIDE, SIDE, 0);
    if (eigen_symmetric(values, square, square, SIDE))
        die(EXIT_SYSTEM, "machine: LAPACK's eigenvalues do not converge (reinstall "
                         "libopenblas0-pthread and liblapacke)");
    struct hash hash;
    hash_open(&hash);
    hash_add(&hash, c, sizeof c);
    hash_add(&hash, values, sizeof values);
    hash_close(hex, &hash);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    stdout_check_at_exit();
    struct option options[] = {
        {"threads", NULL, "threads of a program (default: the CPUs allowed)"},
        {"arithmetic", "auto", "auto, fp32, bf16 or bf16-dot"},
    };
    size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv, "machine [--threads N] [--arithmetic A]");
    const char *asked = option_text(options, count, "arithmetic");
    const enum arithmetic arithmetic = arithmetic_choose(asked);
    char hex[HASH_HEX], cpu[CPU_NAME];
    canary(hex);
    cpu_name(cpu, "/proc/cpuinfo");
    printf("cpu         %s\n", cpu);
    printf("core type   %s\n", coretype_name());
    printf("openblas    %s\n", coretype_library());
    printf("threads     %d\n", parse_threads(option_text(options, count, "threads")));
    printf("products    ");
    for (int a = FP32; a <= BF16_DOT; ++a)
        printf("%s%s by %s%s", a ? ", " : "", arithmetic_name((enum arithmetic)a),
               arithmetic_kernel((enum arithmetic)a),
               arithmetic_is_native((enum arithmetic)a) ? "" : " (emulated)");
    printf("\narithmetic  %s for training, by %s%s%s\n", arithmetic_name(arithmetic),
           arithmetic_kernel(arithmetic),
           arithmetic_is_native(arithmetic) ? "" : ", which emulates it",
           strcmp(asked, "auto") ? "" : ": the fastest here");
    printf("canary      %.16s\n", hex);
    return 0;
}
