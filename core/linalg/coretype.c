#include "core/linalg/coretype.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "core/base/die.h"

static const char VARIABLE[] = "OPENBLAS_CORETYPE";
static const char EXECUTED[] =
    "MASKBOOK_EXECUTED"; // set while the program executes itself again

// Exported by every DYNAMIC_ARCH build of OpenBLAS, declared in no header: forget the chosen
// kernels, and choose again by the present environment.
void gotoblas_dynamic_quit(void) __attribute__((weak));
void gotoblas_dynamic_init(void) __attribute__((weak));

int cpu_has_avx512(void)
{
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
           __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
           __builtin_cpu_supports("avx512cd");
}

int cpu_has_avx512_bf16(void)
{
    return cpu_has_avx512() && __builtin_cpu_supports("avx512bf16");
}

int cpu_has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

// The core type that the CPU's features ask for; NULL leaves the choice to OpenBLAS.
static const char *policy_choice(void)
{
    return cpu_has_avx512() ? "SkylakeX" : cpu_has_avx2() ? "Haswell" : NULL;
}

// The core types whose kernels need AVX2 and fused multiply-adds, or more.
static const struct demanding {
    const char *name;
    int wide; // AVX-512
} demanding[] = {
    {"SkylakeX", 1},      {"Cooperlake", 1}, {"SapphireRapids", 1},
    {"EmeraldRapids", 1}, {"Haswell", 0},    {"Zen", 0},
};

static const struct demanding *demanding_find(const char *name)
{
    for (size_t i = 0; i < sizeof demanding / sizeof *demanding; ++i)
        if (strcasecmp(name, demanding[i].name) == 0) return &demanding[i];
    return NULL;
}

// OpenBLAS obeys any name it knows, and the first product would then die of an illegal
// instruction: say so before.
static void user_check(const char *name)
{
    const struct demanding *type = demanding_find(name);
    if (!type || (type->wide ? cpu_has_avx512() : cpu_has_avx2())) return;
    die(EXIT_USAGE, "%s=%s: this CPU has no %s (unset %s)", VARIABLE, name,
        type->wide ? "AVX-512" : "AVX2 and FMA", VARIABLE);
}

int coretype_fuses(void)
{
    const char *name = getenv(VARIABLE);
    return cpu_has_avx2() && (!name || !*name || demanding_find(name));
}

// Makes OpenBLAS choose again under the present environment: inside the process where the library
// exports that, which also works in an emulator, whose /proc/self/exe may leave the emulation;
// otherwise by executing the program once more.
static void kernels_reload(char **argv)
{
    if (gotoblas_dynamic_quit && gotoblas_dynamic_init) {
        gotoblas_dynamic_quit();
        gotoblas_dynamic_init();
    } else if (!getenv(EXECUTED)) {
        if (setenv(EXECUTED, "1", 1) == 0) execv("/proc/self/exe", argv);
        die(EXIT_SYSTEM, "cannot execute this program again (set %s yourself)",
            VARIABLE);
    }
}

void coretype_open(char **argv)
{
    const char *user = getenv(VARIABLE);
    if (user && !*user) user = NULL;
    const char *wanted = user ? user : policy_choice();
    if (user) user_check(user);

    if (!wanted) {
        // An empty variable would still affect OpenBLAS: for its own choice there must be none.
        if (getenv(VARIABLE)) {
            if (unsetenv(VARIABLE) != 0) die(EXIT_SYSTEM, "cannot unset %s", VARIABLE);
            kernels_reload(argv);
        }
    } else if (strcasecmp(coretype_name(), wanted) != 0) {
        if (setenv(VARIABLE, wanted, 1) != 0)
            die(EXIT_SYSTEM, "cannot set %s", VARIABLE);
        kernels_reload(argv);
        if (strcasecmp(coretype_name(), wanted) != 0)
            die(user ? EXIT_USAGE : EXIT_SYSTEM,
                "OpenBLAS computes with its %s kernels, not %s (%s)", coretype_name(),
                wanted,
                user ? "name a core type it knows in OPENBLAS_CORETYPE"
                     : "install libopenblas0-pthread, or set OPENBLAS_CORETYPE "
                       "yourself");
    }
    unsetenv(EXECUTED);
    openblas_set_num_threads(1);
}

const char *coretype_name(void)
{
    return openblas_get_corename();
}

const char *coretype_library(void)
{
    return openblas_get_config();
}
