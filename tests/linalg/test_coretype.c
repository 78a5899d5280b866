#include "core/linalg/coretype.h"

#include "core/base/die.h"
#include "core/linalg/gemm.h"

#include <cblas.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char *arguments[] = {(char *)"test", NULL};

// Whether the kernel lists a CPU flag: an oracle that asks another authority than the policy.
static int cpuinfo_has(const char *flag)
{
    FILE *file = fopen("/proc/cpuinfo", "r");
    cr_assert_not_null(file);
    char line[16384], word[64];
    snprintf(word, sizeof word, " %s ", flag);
    int found = 0;
    while (!found && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = ' ';
        found = strncmp(line, "flags", 5) == 0 && strstr(line, word);
    }
    fclose(file);
    return found;
}

static const char *expected_name(void)
{
    if (cpuinfo_has("avx512f") && cpuinfo_has("avx512dq") && cpuinfo_has("avx512bw") &&
        cpuinfo_has("avx512vl") && cpuinfo_has("avx512cd"))
        return "SkylakeX";
    return cpuinfo_has("avx2") && cpuinfo_has("fma") ? "Haswell" : NULL;
}

static void expect_policy(void)
{
    coretype_open(arguments);
    if (expected_name()) cr_expect_str_eq(coretype_name(), expected_name());
    cr_expect_eq(openblas_get_num_threads(), 1);
}

Test(coretype, follows_the_features_of_the_cpu)
{
    unsetenv("OPENBLAS_CORETYPE");
    expect_policy();
}

Test(coretype, takes_an_empty_variable_for_none)
{
    setenv("OPENBLAS_CORETYPE", "", 1);
    expect_policy();
}

Test(coretype, opened_twice_stays)
{
    unsetenv("OPENBLAS_CORETYPE");
    expect_policy();
    expect_policy();
}

// Another kernel than the policy's is in force before: where it is OpenBLAS's own choice too, no
// variable is set.
Test(coretype, leaves_its_choice_to_child_processes)
{
    if (!expected_name()) cr_skip_test("OpenBLAS chooses for this CPU");
    setenv("OPENBLAS_CORETYPE", "Nehalem", 1);
    coretype_open(arguments);
    cr_assert_str_eq(coretype_name(), "Nehalem");
    unsetenv("OPENBLAS_CORETYPE");
    coretype_open(arguments);
    cr_expect_str_eq(coretype_name(), expected_name());
    cr_assert_not_null(getenv("OPENBLAS_CORETYPE"));
    cr_expect_str_eq(getenv("OPENBLAS_CORETYPE"), expected_name());
}

Test(coretype, obeys_the_user_in_any_case_of_letters_and_computes_right)
{
    setenv("OPENBLAS_CORETYPE", "nehalem", 1);
    coretype_open(arguments);
    cr_expect_str_eq(coretype_name(), "Nehalem");
    cr_expect_not_null(strstr(coretype_library(), "OpenBLAS"));

    // Small whole numbers, whose products and sums are exact in any kernel.
    enum { N = 150 };
    static real a[N * N], b[N * N], c[N * N];
    for (size_t i = 0; i < N * N; ++i) a[i] = (real)(i % 7), b[i] = (real)(i % 5);
    gemm(c, a, PLAIN, b, PLAIN, N, N, N, 0);
    for (size_t i = 0; i < N; ++i)
        for (size_t j = 0; j < N; ++j) {
            real sum = 0;
            for (size_t k = 0; k < N; ++k) sum += a[i * N + k] * b[k * N + j];
            cr_assert(c[i * N + j] == sum, "entry %zu, %zu", i, j);
        }
}

Test(coretype, refuses_a_name_that_openblas_does_not_know, .exit_code = EXIT_USAGE)
{
    setenv("OPENBLAS_CORETYPE", "Abacus", 1);
    coretype_open(arguments);
}
