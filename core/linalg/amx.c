#include "core/linalg/amx.h"

#include <cpuid.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// What ldtilecfg reads and sttilecfg writes.
struct configuration {
    uint8_t palette, start_row, reserved[14];
    uint16_t bytes[16]; // of a row, for each tile
    uint8_t rows[16];
};
_Static_assert(sizeof(struct configuration) == 64, "a tile configuration has 64 bytes");

#define ROWS(n)                                                                        \
    {                                                                                  \
        .palette = 1, .bytes = {64, 64, 64, 64, 64, 64, 64, 64},                       \
        .rows = {n, n, n, n, n, n, 16, 16},                                            \
    }
static const struct configuration configurations[] __attribute__((aligned(64))) = {
    ROWS(1), ROWS(2),  ROWS(3),  ROWS(4),  ROWS(5),  ROWS(6),  ROWS(7),  ROWS(8),
    ROWS(9), ROWS(10), ROWS(11), ROWS(12), ROWS(13), ROWS(14), ROWS(15), ROWS(16),
};

static void configuration_load(const struct configuration *configuration)
{
    __asm__ volatile("ldtilecfg %0" ::"m"(*configuration) : "memory");
}

// Reads the thread's configuration instead of keeping a flag: a fork, or another library, may have
// changed the tiles. Reading costs a tenth of configuring.
void amx_configure_rows(size_t rows)
{
    const struct configuration *wanted = &configurations[rows - 1];
    struct configuration now;
    __asm__ volatile("sttilecfg %0" : "=m"(now)::"memory");
    if (memcmp(&now, wanted, sizeof now) != 0) configuration_load(wanted);
}

void amx_configure(void)
{
    amx_configure_rows(16);
}

// ====== Availability ======

static int cpu_has_tiles(void)
{
    enum { AMX_BF16 = 1 << 22, AMX_TILE = 1 << 24 };
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && d & AMX_BF16 && d & AMX_TILE;
}

// Linux grants the state of tiles, 8 KB a thread, on request, then to all threads of the process.
static int permission_ask(void)
{
    enum { ARCH_REQ_XCOMP_PERM = 0x1023, XFEATURE_XTILEDATA = 18 };
    return syscall(SYS_arch_prctl, ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA) == 0;
}

static sigjmp_buf after_trial;
static _Thread_local volatile sig_atomic_t trying;

static void trial_failed(int signal_number)
{
    if (trying) siglongjmp(after_trial, 1);
    // Another thread's: it executes the instruction again, and dies.
    signal(signal_number, SIG_DFL);
}

// Whether the instructions are legal: an emulator or a hypervisor may promise too much.
static int trial(void)
{
    struct sigaction guard = {.sa_handler = trial_failed}, before;
    sigemptyset(&guard.sa_mask);
    if (sigaction(SIGILL, &guard, &before) != 0) return 0;
    volatile int works = 0;
    trying = 1;
    if (sigsetjmp(after_trial, 1) == 0) {
        configuration_load(configurations);
        AMX_ZERO(0);
        __asm__ volatile("tilerelease" ::: "memory");
        works = 1;
    }
    trying = 0;
    sigaction(SIGILL, &before, NULL);
    return works;
}

static atomic_int answer;

static void decide(void)
{
    atomic_store(&answer, cpu_has_tiles() && permission_ask() && trial());
}

static pthread_once_t decided = PTHREAD_ONCE_INIT;

int amx_available(void)
{
    pthread_once(&decided, decide);
    return atomic_load(&answer);
}

void amx_assume(int available)
{
    pthread_once(&decided, decide);
    atomic_store(&answer, available);
}
