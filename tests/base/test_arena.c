#include "core/base/arena.h"

#include <criterion/criterion.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/rng.h"
#include "tests/ending.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

Test(arena, pieces_are_aligned_apart_and_inside)
{
    enum { PIECES = 500 };
    static unsigned char *pieces[PIECES];
    static size_t sizes[PIECES];
    struct arena arena;
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    arena_open(&arena, "test", 1 << 20);
    for (int i = 0; i < PIECES; ++i) {
        sizes[i] = rng_below(&rng, 700);
        pieces[i] = arena_take(&arena, sizes[i], 1);
        cr_expect_eq((uintptr_t)pieces[i] % 64, 0);
        memset(pieces[i], i % 251, sizes[i]);
    }
    // Each piece still holds what was written into it, so no two share a byte.
    for (int i = 0; i < PIECES; ++i)
        for (size_t k = 0; k < sizes[i]; ++k)
            cr_assert_eq(pieces[i][k], i % 251, "piece %d byte %zu", i, k);
    arena_close(&arena);
}

// Bytes taken, and the fill afterwards: the same in every build.
static const struct {
    size_t count, size, used;
} fills[] = {{0, 8, 0},   {1, 1, 64},  {64, 1, 128}, {65, 1, 256},
             {8, 8, 320}, {0, 1, 320}, {5, 0, 320},  {1000, 4, 4352}};

Test(arena, a_piece_fills_whole_64_bytes_in_every_build)
{
    struct arena arena;
    arena_open(&arena, "test", 4352);
    for (size_t i = 0; i < sizeof fills / sizeof *fills; ++i) {
        cr_expect_neq(arena_take(&arena, fills[i].count, fills[i].size), NULL);
        cr_expect_eq(arena_mark(&arena), fills[i].used, "fill %zu: %zu", i,
                     arena_mark(&arena));
    }
    arena_close(&arena);
}

Test(arena, a_reset_frees_what_is_above_the_mark_and_nothing_below)
{
    struct arena arena;
    arena_open(&arena, "test", 1 << 16);
    double *below = arena_doubles(&arena, 3);
    below[2] = 42;
    size_t mark = arena_mark(&arena);
    for (int repeat = 0; repeat < 1000; ++repeat) {
        real *first = arena_reals(&arena, 100);
        size_t inner = arena_mark(&arena);
        real *second = arena_zeros(&arena, 5000);
        first[99] = second[4999] = 1;
        arena_reset(&arena, inner);
        cr_assert_eq(arena_zeros(&arena, 1), second);
        cr_assert_eq(*second, 0);
        arena_reset(&arena, mark);
        cr_assert_eq(arena_take(&arena, 1, 1), first);
        arena_reset(&arena, mark);
    }
    cr_expect_eq(below[2], 42);
    cr_expect_eq(arena.used, 64);
    cr_expect_geq(arena.peak, 64 + 5100 * sizeof(real));
    arena_close(&arena);
}

Test(arena, zeros_are_zero_where_something_was_before)
{
    struct arena arena;
    arena_open(&arena, "test", 1 << 16);
    memset(arena_take(&arena, 1 << 16, 1), 0x55, 1 << 16);
    arena_reset(&arena, 0);
    size_t count = (1 << 16) / sizeof(real);
    const real *zeros = arena_zeros(&arena, count);
    for (size_t i = 0; i < count; ++i) cr_assert_eq(zeros[i], 0);
    arena_close(&arena);
}

Test(arena, unwritten_reals_are_nan_in_builds_that_fill)
{
#ifdef FILL_NAN
    struct arena arena;
    arena_open(&arena, "test", 1 << 16);
    const real *reals = arena_zeros(&arena, 100);
    arena_reset(&arena, 0);
    reals = arena_reals(&arena, 100);
    const double *doubles = arena_doubles(&arena, 100);
    for (int i = 0; i < 100; ++i) cr_assert(isnan(reals[i]) && isnan(doubles[i]));
    arena_close(&arena);
#else
    cr_skip_test("this build does not fill");
#endif
}

// The sanitizers themselves need more addresses than these tests leave them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define skip_with_a_sanitizer() cr_skip_test("a sanitizer needs the addresses")
#else
#define skip_with_a_sanitizer() (void)0
#endif

Test(arena, reserving_costs_no_memory)
{
    struct arena arena;
    double before = clock_peak_bytes();
    arena_open(&arena, "test", (size_t)16 << 30);
    *arena_reals(&arena, 1) = 1;
    cr_expect_lt(clock_peak_bytes() - before, 64e6);
    arena_close(&arena);
    arena_close(&arena);
    cr_expect_eq(arena.base, NULL);
}

Test(arena, a_growing_arena_costs_only_the_pages_that_are_touched)
{
#ifdef FILL_NAN
    cr_skip_test("this build writes all that is taken");
#endif
    struct arena arena;
    double before = clock_peak_bytes();
    arena_open_growing(&arena, "test");
    cr_expect_eq(arena.size, (size_t)64 << 30);
    *arena_reals(&arena, 1) = 1;
    unsigned char *bytes = arena_take(&arena, (size_t)48 << 30, 1);
    bytes[0] = bytes[((size_t)48 << 30) - 1] = 1; // from the first page to the last
    cr_expect_lt(clock_peak_bytes() - before, 16e6);
    arena_close(&arena);
    cr_expect_eq(arena.base, NULL);
}

Test(arena, growing_arenas_do_not_overlap)
{
    enum { ARENAS = 64 };
    skip_with_a_sanitizer();
    struct arena *arenas = arenas_open(ARENAS, "test");
    real *first[ARENAS];
    for (int i = 0; i < ARENAS; ++i) {
        first[i] = arena_zeros(&arenas[i], 1000);
        first[i][999] = (real)i;
    }
    for (int i = 0; i < ARENAS; ++i) {
        cr_expect_eq(arenas[i].size, (size_t)64 << 30);
        cr_expect_eq(first[i][999], (real)i);
    }
    arenas_close(arenas, ARENAS);
}

// Opens growing arenas where `megabytes` of addresses are left, and prints their sizes.
static void open_within(const void *megabytes)
{
    size_t pages = 0, limit = (size_t) * (const int *)megabytes << 20;
    FILE *file = fopen("/proc/self/statm", "r");
    if (!file || fscanf(file, "%zu", &pages) != 1) _exit(99);
    fclose(file);
    limit += pages * (size_t)sysconf(_SC_PAGESIZE);
    if (setrlimit(RLIMIT_AS, &(struct rlimit){limit, limit})) _exit(99);
    struct arena first, second;
    arena_open_growing(&first, "first");
    printf("first %zu MiB\n", first.size >> 20);
    arena_open_growing(&second, "second");
    printf("second %zu MiB\n", second.size >> 20);
    fflush(stdout);
    memset(arena_take(&first, first.size / 2, 1), 1, first.size / 2);
    arena_take(&first, first.size / 2 + 1, 1);
}

Test(arena, under_a_limit_a_growing_arena_halves_until_half_of_what_fits_is_left)
{
    skip_with_a_sanitizer();
    static struct ending ending;
    // Of 1100 MiB, 1024 fit, so 512 are taken; of the 588 that are left, 512 fit.
    ending_of(&ending, open_within, &(int){1100});
    cr_expect_eq(ending.code, EXIT_SYSTEM, "%d: %s", ending.code, ending.says);
    cr_expect(strstr(ending.says, "first 512 MiB\nsecond 256 MiB\n"), "%s",
              ending.says);
    // A full growing arena is not a broken contract.
    cr_expect(strstr(ending.says, ": first: no memory for 268435457 bytes ("), "%s",
              ending.says);
    expect_death(__LINE__, open_within, &(int){60}, EXIT_SYSTEM,
                 ": first: no memory for 67108864 bytes (");
    expect_ending(__LINE__, open_within, &(int){90}, EXIT_SYSTEM,
                  ": second: no memory for 67108864 bytes (");
}

// A job like a training step: some pieces stay, some are freed.
static void job(const void *size)
{
    struct arena arena;
    arena_open(&arena, "step", *(const size_t *)size);
    arena_zeros(&arena, 33);
    for (int layer = 0; layer < 3; ++layer) {
        size_t mark = arena_mark(&arena);
        arena_reals(&arena, 10 * (size_t)(layer + 1));
        arena_doubles(&arena, 17);
        arena_reset(&arena, mark);
    }
    arena_take(&arena, 3, 1);
    arena_close(&arena);
}

Test(arena, a_job_works_in_just_enough_space_and_aborts_in_any_less)
{
    // 33 reals, and at most 30 reals and 17 doubles with them.
    size_t need = (33 * sizeof(real) + 63) / 64 * 64 +
                  (30 * sizeof(real) + 63) / 64 * 64 + (17 * 8 + 63) / 64 * 64;
    static struct ending ending;
    for (size_t size = need + 128; size > need - 64; size -= 64) {
        ending_of(&ending, job, &size);
        cr_expect_eq(ending.code, 0, "%zu bytes: %s", size, ending.says);
    }
    for (size_t size = need - 64; size < need; size -= 64)
        expect_death(__LINE__, job, &size, -SIGABRT, "do not fit");
}

static void open_far_too_large(const void *size)
{
    struct arena arena;
    arena_open(&arena, "model", *(const size_t *)size);
}

Test(arena, what_the_system_refuses_is_a_death_that_names_the_arena)
{
    static const size_t sizes[] = {(size_t)1 << 60, SIZE_MAX};
    for (int i = 0; i < 2; ++i)
        expect_death(__LINE__, open_far_too_large, &sizes[i], 4,
                     ": model: no memory for ");
}

static void misuse(const void *which)
{
    struct arena arena;
    arena_open(&arena, "step", 1 << 12);
    switch (*(const int *)which) {
    case 0:
        arena_take(&arena, SIZE_MAX / 2, 3);
        break;
    case 1:
        arena_reals(&arena, SIZE_MAX / 2);
        break;
    case 2:
        arena_take(&arena, (1 << 12) + 1, 1);
        break;
    case 3:
        arena_reset(&arena, 64);
        break;
    case 4:
        arena_take(&arena, 64, 1);
        arena_reset(&arena, 3);
        break;
    case 5:
        arena_close(&arena);
        arena_take(&arena, 0, 1);
        break;
    }
}

static const char *const misuses[] = {
    "overflows",     "overflows",     "do not fit",
    "is not a mark", "is not a mark", "is closed",
};

Test(arena, misuse_aborts)
{
    for (int i = 0; i < 6; ++i)
        expect_death(__LINE__, misuse, &i, -SIGABRT, misuses[i]);
}

Test(arena, products_are_exact)
{
    cr_expect_eq(size_product(SIZE_MAX / 3, 3), SIZE_MAX);
    cr_expect_eq(size_product(0, SIZE_MAX), 0);
}

BREAKS(arena, a_product_that_overflows_aborts,
       "!__builtin_mul_overflow(a, b, &product)")
{
    size_product((size_t)1 << 32, (size_t)1 << 32);
}

// Sends the reports of this process to stderr, even if the sanitizer was told to write files.
static void report_to_stderr(void)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_set_report_fd((void *)(intptr_t)STDERR_FILENO);
#endif
}

// Offsets of the byte that is written, from the end of a piece of 10 floats.
static const int strays[] = {0, 1, 23, 24, 127, -41, -168};

static void stray(const void *offset)
{
    struct arena arena;
    report_to_stderr();
    arena_open(&arena, "test", 1 << 12);
    arena_take(&arena, 16, 4);
    unsigned char *piece = arena_take(&arena, 10, 4);
    arena_take(&arena, 16, 4);
    *(volatile unsigned char *)(piece + 40 + *(const int *)offset) = 1;
}

static void use_after_reset(const void *unused)
{
    (void)unused;
    struct arena arena;
    report_to_stderr();
    arena_open(&arena, "test", 1 << 12);
    unsigned char *piece = arena_take(&arena, 10, 4);
    arena_reset(&arena, 0);
    *(volatile unsigned char *)piece = 1;
}

Test(arena, memory_mapped_after_a_closed_arena_is_not_poisoned)
{
    struct arena arena;
    for (int repeat = 0; repeat < 20; ++repeat) {
        arena_open(&arena, "test", 1 << 20);
        arena_take(&arena, 1 << 19, 1);
        arena_reset(&arena, 0);
        arena_close(&arena);
        unsigned char *memory = mmap(NULL, 4 << 20, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        cr_assert_neq(memory, MAP_FAILED);
        for (int i = 0; i < 4 << 20; ++i) memory[i] = 1;
        munmap(memory, 4 << 20);
    }
}

Test(arena, writing_outside_a_piece_or_after_a_reset_is_caught_by_the_sanitizer)
{
#ifdef __SANITIZE_ADDRESS__
    static struct ending ending;
    for (size_t i = 0; i < sizeof strays / sizeof *strays; ++i) {
        ending_of(&ending, stray, &strays[i]);
        cr_expect(ending.code != 0 && strstr(ending.says, "use-after-poison"),
                  "offset %d: %d %s", strays[i], ending.code, ending.says);
    }
    ending_of(&ending, use_after_reset, NULL);
    cr_expect(ending.code != 0 && strstr(ending.says, "use-after-poison"));
    // The last byte of the piece may be written.
    int last = -1;
    ending_of(&ending, stray, &last);
    cr_expect_eq(ending.code, 0, "%s", ending.says);
#else
    (void)strays, (void)stray, (void)use_after_reset;
    cr_skip_test("this build has no sanitizer");
#endif
}
