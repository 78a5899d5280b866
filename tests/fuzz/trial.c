// Executions of a reader, one after another in one process: its deaths are caught and what they
// leave is freed.
#include "tests/fuzz/reader.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/hash.h"

#ifdef __SANITIZE_ADDRESS__
// Of sanitizer/allocator_interface.h, which comes with clang; gcc's library has the function too.
int __sanitizer_install_malloc_and_free_hooks(
    void (*taken)(const volatile void *pointer, size_t size),
    void (*freed)(const volatile void *pointer));
#endif

_Noreturn void __wrap_die(enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
_Noreturn void __wrap_exit(int code);
_Noreturn void __real_exit(int code);
int __wrap_fsync(int descriptor);
void *__wrap_malloc(size_t size);
void *__real_malloc(size_t size);
char *__wrap_file_read(size_t *size, const char *path, const char *hint);
char *__real_file_read(size_t *size, const char *path, const char *hint);

static jmp_buf before;
// Of the thread that tries: libFuzzer has another one, which takes memory too.
static _Thread_local int trying;
static size_t memory_most = SIZE_MAX; // FUZZ_MEMORY: bytes of one block of a reader's

#ifdef __SANITIZE_ADDRESS__
// The blocks that the execution has taken and not freed: live[0..blocks), and a table with open
// addressing that finds each, as its place in live plus 1.
enum { BLOCK_BITS = 13, BLOCKS = 1 << BLOCK_BITS };
static const volatile void *live[BLOCKS / 2];
static uint16_t table[BLOCKS];
static size_t blocks;

static size_t slot_of(const volatile void *pointer)
{
    size_t slot =
        ((uintptr_t)pointer >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> (64 - BLOCK_BITS);
    while (table[slot] && live[table[slot] - 1] != pointer) slot = (slot + 1) % BLOCKS;
    return slot;
}

static void taken(const volatile void *pointer, size_t size)
{
    (void)size;
    if (!trying || !pointer) return;
    require(blocks < BLOCKS / 2, "more than %d blocks", BLOCKS / 2);
    const size_t slot = slot_of(pointer);
    live[blocks++] = pointer;
    table[slot] = (uint16_t)blocks;
}

static void forget(size_t slot)
{
    // The last block takes the place of the one that goes.
    const size_t place = table[slot] - 1u, last = blocks - 1;
    table[slot_of(live[last])] = (uint16_t)(place + 1);
    table[slot] = 0;
    live[place] = live[last];
    blocks = last;
    // What follows the hole must stay reachable from its own first slot.
    for (size_t i = (slot + 1) % BLOCKS; table[i]; i = (i + 1) % BLOCKS) {
        const uint16_t moved = table[i];
        table[i] = 0;
        table[slot_of(live[moved - 1])] = moved;
    }
}

static void freed(const volatile void *pointer)
{
    if (!trying || !pointer) return;
    const size_t slot = slot_of(pointer);
    if (table[slot]) forget(slot);
}

static void blocks_watch(void)
{
    __sanitizer_install_malloc_and_free_hooks(taken, freed);
}

// After a death the blocks are freed; those of a reader that returned are its leak.
static void blocks_forget(int release)
{
    while (blocks) {
        const volatile void *last = live[blocks - 1];
        forget(slot_of(last));
        if (release) free((void *)(uintptr_t)last);
    }
}
#else
static void blocks_watch(void)
{
}

static void blocks_forget(int release)
{
    (void)release;
}
#endif

_Noreturn void __wrap_die(enum exit_code code, const char *format, ...)
{
    // The message is made as die() makes it, so that its arguments are looked at.
    char line[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    require(trying, "a death before the reader was called: %s", line);
    // tests/fuzz/fuzz leaves a picture too little memory for what it may say that it is.
    if (code == EXIT_SYSTEM && !strncmp(line, "no memory for a picture", 23))
        longjmp(before, 1);
    require(code == EXIT_USAGE || code == EXIT_INPUT,
            "the input ends with %d, as if the system had failed: %s", (int)code, line);
    require(strchr(line, ':'), "the message does not say what and why: %s", line);
    longjmp(before, 1);
}

_Noreturn void __wrap_exit(int code)
{
    // libFuzzer ends itself.
    if (!trying) __real_exit(code);
    require(code == EXIT_SUCCESS, "an exit with %d", code);
    longjmp(before, 1);
}

void *__wrap_malloc(size_t size)
{
    return trying && size > memory_most ? NULL : __real_malloc(size);
}

// Nothing here has to survive a power cut.
int __wrap_fsync(int descriptor)
{
    (void)descriptor;
    return 0;
}

__attribute__((weak)) void reader_prepare(void)
{
}

__attribute__((weak)) void reader_forget(void)
{
}

void trials_open(void)
{
    // The cryptographic library takes memory for good when it is first used.
    char digest[HASH_HEX];
    hash_bytes(digest, "", 0);
    const char *memory = getenv("FUZZ_MEMORY");
    if (memory && *memory) memory_most = strtoul(memory, NULL, 10);
    reader_prepare();
    blocks_watch();
}

int trial(const uint8_t *bytes, size_t size)
{
    volatile int accepted = 0;
    if (setjmp(before) == 0) {
        trying = 1;
        accepted = reader_try(bytes, size);
        trying = 0;
        blocks_forget(0);
    } else {
        reader_forget();
        trying = 0;
        blocks_forget(1);
    }
    return accepted;
}

static int memory_file = -1;
static char memory_path[64];
static const void
    *shown; // what file_read finds at memory_path, NULL: what the file holds
static size_t shown_size;

static void memory_open(void)
{
    if (memory_file >= 0) return;
    memory_file = memfd_create("input", MFD_CLOEXEC);
    require(memory_file >= 0, "no file in memory");
    snprintf(memory_path, sizeof memory_path, "/proc/%ld/fd/%d", (long)getpid(),
             memory_file);
}

const char *input_file(const void *bytes, size_t size)
{
    memory_open();
    shown = NULL;
    require(pwrite(memory_file, bytes, size, 0) == (ssize_t)size &&
                !ftruncate(memory_file, (off_t)size),
            "no file in memory");
    return memory_path;
}

const char *input_bytes(const void *bytes, size_t size)
{
    memory_open();
    shown = bytes;
    shown_size = size;
    return memory_path;
}

char *__wrap_file_read(size_t *size, const char *path, const char *hint)
{
    if (!shown || strcmp(path, memory_path) != 0)
        return __real_file_read(size, path, hint);
    char *bytes = malloc(shown_size + 1);
    require(bytes, "no memory for %zu bytes", shown_size);
    memcpy(bytes, shown, shown_size);
    bytes[shown_size] = 0;
    *size = shown_size;
    return bytes;
}

static char folder[PATH_SIZE];
static pid_t folder_owner;

static int remove_one(const char *path, const struct stat *status, int kind,
                      struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

static void folder_remove(void)
{
    if (folder_owner == getpid()) nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static int folder_in(const char *place)
{
    snprintf(folder, sizeof folder, "%s/maskbook-fuzz-XXXXXX", place);
    return mkdtemp(folder) != NULL;
}

const char *input_folder(const char *link)
{
    if (!folder_owner) {
        // In memory if the system has such a place: files are opened and renamed by millions.
        require(folder_in("/dev/shm") || folder_in("/tmp"), "no folder in /tmp");
        folder_owner = getpid();
        atexit(folder_remove);
    }
    char path[2 * PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, link);
    for (char *slash = path + strlen(folder) + 1; (slash = strchr(slash, '/'));) {
        *slash = 0;
        mkdir(path, 0777);
        *slash++ = '/';
    }
    require(!symlink(input_file("", 0), path), "%s: no link", path);
    return folder;
}

void seed_file(void (*put)(const char *name, const void *bytes, size_t size),
               const char *name, const char *path)
{
    size_t size;
    char *bytes = file_read(&size, path, NULL);
    put(name, bytes, size);
    free(bytes);
    unlink(path);
}
