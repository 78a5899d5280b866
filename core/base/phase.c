#include "core/base/phase.h"

#include <math.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "core/base/clock.h"
#include "core/base/die.h"

// One thread's account, listed while the thread lives.
struct account {
    uint64_t ticks[PHASES];
    uint64_t since; // time stamp of the last charge
    enum phase phase;
    int listed;
    struct account *previous, *next;
};

static _Thread_local struct account mine;

// The time stamp counter and the clock, read together.
struct instant {
    uint64_t ticks;
    double seconds;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; // guards everything below
static struct account *first;
static uint64_t ended[PHASES]; // charged by threads that have ended
static struct instant start;
static pthread_key_t leaving;
static pthread_once_t once = PTHREAD_ONCE_INIT;

// Time stamps of two CPUs may differ slightly; negative times are not charged.
static void charge(struct account *account)
{
    uint64_t now = __builtin_ia32_rdtsc();
    if (now > account->since) account->ticks[account->phase] += now - account->since;
    account->since = now;
}

// Runs when a thread ends, and adds its times to `ended`.
static void leave(void *argument)
{
    struct account *account = argument;
    charge(account);
    pthread_mutex_lock(&lock);
    for (int p = 0; p < PHASES; ++p) ended[p] += account->ticks[p];
    if (account->previous)
        account->previous->next = account->next;
    else
        first = account->next;
    if (account->next) account->next->previous = account->previous;
    pthread_mutex_unlock(&lock);
    *account = (struct account){0};
}

// The thread may be interrupted between the two readings, so the closest of several pairs is taken.
static struct instant instant_now(void)
{
    struct instant closest = {0, 0};
    double gap = HUGE_VAL;
    for (int attempt = 0; attempt < 8; ++attempt) {
        double before = clock_seconds();
        uint64_t ticks = __builtin_ia32_rdtsc();
        double after = clock_seconds();
        if (after - before >= gap) continue;
        gap = after - before;
        closest = (struct instant){ticks, before + gap / 2};
    }
    return closest;
}

static void begin(void)
{
    start = instant_now();
    if (pthread_key_create(&leaving, leave))
        die(EXIT_SYSTEM, "phases: no thread-specific storage is left");
}

static void join(struct account *account)
{
    pthread_once(&once, begin);
    if (pthread_setspecific(leaving, account))
        die(EXIT_SYSTEM, "phases: no memory (close other programs)");
    pthread_mutex_lock(&lock);
    *account =
        (struct account){.since = __builtin_ia32_rdtsc(), .listed = 1, .next = first};
    if (first) first->previous = account;
    first = account;
    pthread_mutex_unlock(&lock);
}

enum phase phase_enter(enum phase phase)
{
    struct account *account = &mine;
    if (!account->listed) join(account);
    enum phase before = account->phase;
    charge(account);
    account->phase = phase;
    return before;
}

void phase_seconds(double seconds[PHASES])
{
    phase_enter(phase_enter(PHASE_OTHER));
    uint64_t total[PHASES];
    pthread_mutex_lock(&lock);
    for (int p = 0; p < PHASES; ++p) total[p] = ended[p];
    for (const struct account *account = first; account; account = account->next)
        for (int p = 0; p < PHASES; ++p) total[p] += account->ticks[p];
    pthread_mutex_unlock(&lock);

    // Seconds a tick, from the counter and the clock at the start and now.
    struct instant now = instant_now();
    double ticks = (double)(now.ticks - start.ticks);
    double tick = ticks > 0 ? (now.seconds - start.seconds) / ticks : 0;
    for (int p = 0; p < PHASES; ++p) seconds[p] = (double)total[p] * tick;
}

void phase_clear(void)
{
    phase_enter(phase_enter(PHASE_OTHER));
    pthread_mutex_lock(&lock);
    for (int p = 0; p < PHASES; ++p) ended[p] = 0;
    for (struct account *account = first; account; account = account->next)
        for (int p = 0; p < PHASES; ++p) account->ticks[p] = 0;
    pthread_mutex_unlock(&lock);
}

const char *phase_name(enum phase phase)
{
    static const char *const names[PHASES] = {
        [PHASE_OTHER] = "other",         [PHASE_PRODUCT] = "product",
        [PHASE_ATTENTION] = "attention", [PHASE_ELEMENTWISE] = "elementwise",
        [PHASE_OPTIMISER] = "optimiser", [PHASE_PACK] = "pack",
        [PHASE_FOLD] = "fold",
    };
    require((int)phase >= 0 && phase < PHASES, "phase %d", (int)phase);
    return names[phase];
}
