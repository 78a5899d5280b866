#include "tests/faults/inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/die.h"

struct injection *injection;
static int active;
static enum fault chosen;
static size_t fatal;

// ====== Counting ======

static int fails(enum fault kind, int error)
{
    if (!active) return 0;
    const size_t call = ++injection->calls[kind];
    if (kind != chosen || call != fatal) return 0;
    injection->failed = 1;
    errno = error;
    return 1;
}

void inject_begin(enum fault kind, size_t at)
{
    active = 1;
    chosen = kind;
    fatal = at;
    for (int k = 0; k < FAULTS; ++k) injection->calls[k] = 0;
    injection->failed = 0;
    injection->flushes = 0;
    injection->unflushed = 0;
    injection->version_count = 0;
}

void version_digest(char digest[HASH_HEX], const char *path)
{
    const int before = active;
    const size_t length = strlen(path);
    size_t size;
    active = 0;
    char *bytes = file_read(&size, path, NULL);
    if (length >= 7 && strcmp(path + length - 7, "log.tsv") == 0) {
        // The fifth column becomes empty.
        size_t kept = 0, column = 1;
        for (size_t i = 0; i < size; ++i) {
            column = bytes[i] == '\n' ? 1 : column + (bytes[i] == '\t');
            if (column != 5 || bytes[i] == '\t') bytes[kept++] = bytes[i];
        }
        size = kept;
    }
    hash_bytes(digest, bytes, size);
    free(bytes);
    active = before;
}

// ====== Memory ======

#define WRAP(type, name, ...)                                                          \
    type __real_##name(__VA_ARGS__);                                                   \
    type __wrap_##name(__VA_ARGS__);                                                   \
    type __wrap_##name(__VA_ARGS__)

WRAP(void *, malloc, size_t size)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_malloc(size);
}

WRAP(void *, calloc, size_t count, size_t size)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_calloc(count, size);
}

WRAP(void *, realloc, void *block, size_t size)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_realloc(block, size);
}

WRAP(void *, reallocarray, void *block, size_t count, size_t size)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_reallocarray(block, count, size);
}

WRAP(char *, strdup, const char *text)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_strdup(text);
}

WRAP(char *, strndup, const char *text, size_t size)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_strndup(text, size);
}

WRAP(int, vasprintf, char **text, const char *format, va_list arguments)
{
    return fails(FAULT_MEMORY, ENOMEM) ? -1 : __real_vasprintf(text, format, arguments);
}

WRAP(FILE *, open_memstream, char **text, size_t *size)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_open_memstream(text, size);
}

WRAP(char *, realpath, const char *path, char *resolved)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_realpath(path, resolved);
}

WRAP(int, scandir, const char *path, struct dirent ***entries,
     int (*filter)(const struct dirent *),
     int (*compare)(const struct dirent **, const struct dirent **))
{
    return fails(FAULT_MEMORY, ENOMEM) ? -1
                                       : __real_scandir(path, entries, filter, compare);
}

WRAP(void *, mmap, void *at, size_t size, int protection, int flags, int file,
     off_t offset)
{
    return fails(FAULT_MEMORY, ENOMEM)
               ? MAP_FAILED
               : __real_mmap(at, size, protection, flags, file, offset);
}

WRAP(int, pthread_create, pthread_t *thread, const pthread_attr_t *attributes,
     void *(*act)(void *), void *argument)
{
    return fails(FAULT_MEMORY, EAGAIN)
               ? EAGAIN
               : __real_pthread_create(thread, attributes, act, argument);
}

WRAP(void *, EVP_MD_CTX_new, void)
{
    return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_EVP_MD_CTX_new();
}

void inject_open(void)
{
    injection = __real_mmap(NULL, sizeof *injection, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    require(injection != MAP_FAILED, "no shared memory");
}

// ====== Writing ======

// A stream that is opened to write hands its bytes to stream_write, one call of which may fail.
struct stream {
    FILE *file;
    int descriptor;
};
enum { STREAMS = 16 };
static struct stream streams[STREAMS];

static ssize_t stream_write(void *cookie, const char *bytes, size_t size)
{
    const struct stream *stream = cookie;
    return fails(FAULT_WRITE, ENOSPC) ? 0 : write(stream->descriptor, bytes, size);
}

static int stream_close(void *cookie)
{
    struct stream *stream = cookie;
    stream->file = NULL;
    return close(stream->descriptor);
}

WRAP(FILE *, fopen, const char *path, const char *mode)
{
    if (!active) return __real_fopen(path, mode);
    if (*mode == 'r')
        return fails(FAULT_MEMORY, ENOMEM) ? NULL : __real_fopen(path, mode);
    if (fails(FAULT_WRITE, ENOSPC)) return NULL;
    static const cookie_io_functions_t functions = {.write = stream_write,
                                                    .close = stream_close};
    size_t s = 0;
    while (s < STREAMS && streams[s].file) ++s;
    require(s < STREAMS && strchr("wa", *mode), "%s: opened with mode %s", path, mode);
    const int descriptor =
        open(path, O_WRONLY | O_CREAT | O_CLOEXEC | (*mode == 'w' ? O_TRUNC : O_APPEND),
             0666);
    if (descriptor < 0) return NULL;
    streams[s] = (struct stream){.descriptor = descriptor};
    return streams[s].file = fopencookie(&streams[s], mode, functions);
}

WRAP(int, fileno, FILE *file)
{
    for (size_t s = 0; s < STREAMS; ++s)
        if (file && streams[s].file == file) return streams[s].descriptor;
    return __real_fileno(file);
}

WRAP(int, fsync, int descriptor)
{
    (void)descriptor;
    if (active) ++injection->flushes;
    if (!fails(FAULT_WRITE, EIO)) return 0;
    injection->unflushed = 1;
    return -1;
}

WRAP(int, mkdir, const char *path, mode_t mode)
{
    struct stat status;
    // One that exists is not written.
    if (stat(path, &status) && fails(FAULT_WRITE, ENOSPC)) return -1;
    return __real_mkdir(path, mode);
}

WRAP(int, rename, const char *from, const char *to)
{
    if (fails(FAULT_WRITE, ENOSPC)) return -1;
    const int status = __real_rename(from, to);
    if (status || !active) return status;
    require(injection->version_count < VERSIONS, "more than %d renames", VERSIONS);
    struct version *version = &injection->version[injection->version_count++];
    path_format(version->path, "%s", to);
    version_digest(version->digest, to);
    return 0;
}

// ====== What differs between two runs of the same ======

WRAP(double, clock_seconds, void)
{
    static double calls;
    return 1e-4 * ++calls;
}

WRAP(double, clock_peak_bytes, void)
{
    return 1 << 20;
}

// git is not asked.
WRAP(FILE *, popen, const char *command, const char *mode)
{
    (void)command, (void)mode;
    errno = ENOSYS;
    return NULL;
}
