#include "core/base/files.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/die.h"

// Temporary files of this process that are neither renamed nor removed yet: an exit handler removes
// them when the process dies elsewhere. A forked child leaves those of its parent alone.
struct pending {
    char temporary[PATH_SIZE];
    pid_t process;
    struct pending *next;
};
static struct pending *pending_list;
static pthread_mutex_t pending_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t pending_once = PTHREAD_ONCE_INIT;

// Runs inside exit(). It does not release the lock, so that a running thread cannot open another
// file.
static void pending_remove_all(void)
{
    pthread_mutex_lock(&pending_lock);
    for (const struct pending *p = pending_list; p; p = p->next)
        if (p->process == getpid()) unlink(p->temporary);
}

// Writing past the file size limit raises SIGXFSZ, which kills the process. With the signal
// ignored, the write fails with EFBIG and is reported like a full disk.
static void pending_prepare(void)
{
    signal(SIGXFSZ, SIG_IGN);
    atexit(pending_remove_all);
}

static void pending_add(const char *temporary)
{
    pthread_once(&pending_once, pending_prepare);
    struct pending *added = malloc(sizeof *added);
    if (!added) die(EXIT_SYSTEM, "%s: no memory to write it", temporary);
    path_format(added->temporary, "%s", temporary);
    added->process = getpid();

    pthread_mutex_lock(&pending_lock);
    const struct pending *same = pending_list;
    while (same && strcmp(same->temporary, temporary)) same = same->next;
    added->next = pending_list;
    if (!same) pending_list = added;
    pthread_mutex_unlock(&pending_lock);
    require(!same, "%s is being written already", temporary);
}

static void pending_drop(const char *temporary)
{
    pthread_mutex_lock(&pending_lock);
    struct pending **link = &pending_list;
    while (*link && strcmp((*link)->temporary, temporary)) link = &(*link)->next;
    struct pending *found = *link;
    if (found) *link = found->next;
    pthread_mutex_unlock(&pending_lock);
    free(found);
}

void path_format(char path[PATH_SIZE], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(path, PATH_SIZE, format, arguments);
    va_end(arguments);
    if (length < 0 || length >= PATH_SIZE)
        die(EXIT_USAGE, "%.60s...: a path of %d bytes is too long (use at most %d)",
            path, length, PATH_SIZE - 1);
}

static int is_folder(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

void folder_make(const char *path)
{
    char prefix[PATH_SIZE];
    require(*path, "a folder without a name");
    path_format(prefix, "%s", path);
    for (char *end = prefix; *end;) {
        // The next prefix ends before a slash or at the end of the path.
        end += strspn(end, "/");
        end += strcspn(end, "/");
        char saved = *end;
        *end = 0;
        if (mkdir(prefix, 0777)) {
            int error = errno;
            if (is_folder(prefix)) error = 0;
            if (error == EEXIST || error == ENOTDIR)
                die(EXIT_SYSTEM, "%s: is a file, not a folder (move it away)", prefix);
            if (error)
                die(EXIT_SYSTEM,
                    "%s: cannot make the folder: %s (check who may write there)",
                    prefix, strerror(error));
        }
        *end = saved;
    }
}

// folder (PATH_SIZE) = the part of `path` before its last slash, "." when there is none.
static void folder_of(char folder[PATH_SIZE], const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        path_format(folder, ".");
    else
        path_format(folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
}

void output_open(struct output *output, const char *path)
{
    char folder[PATH_SIZE];
    struct stat status;
    path_format(output->path, "%s", path);
    path_format(output->temporary, "%s.tmp.%ld", path, (long)getpid());
    folder_of(folder, path);
    folder_make(folder);
    // Renaming would replace a device by a file, and would fail for a folder only after all the
    // work.
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        die(EXIT_SYSTEM, "%s: is not a regular file (move it away)", path);

    pending_add(output->temporary);
    output->file = fopen(output->temporary, "wbe");
    if (!output->file)
        die(EXIT_SYSTEM, "%s: cannot be written: %s (check who may write there)", path,
            strerror(errno));
}

// A renamed file survives a power cut only once its folder is flushed as well. Some file systems
// cannot flush folders and return EINVAL.
static int sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    folder_of(folder, path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return -1;
    int failed = fsync(descriptor) && errno != EINVAL, error = errno;
    close(descriptor);
    errno = error;
    return failed ? -1 : 0;
}

// Flushes, closes and renames. Returns 0 or an errno.
static int finish(struct output *output)
{
    FILE *file = output->file;
    // errno of an earlier failed write is lost, unless the flush fails again.
    int error = fflush(file) ? errno : 0;
    if (!error && ferror(file)) error = EIO;
    if (!error && fsync(fileno(file))) error = errno;
    if (fclose(file) && !error) error = errno;
    output->file = NULL;
    if (!error && rename(output->temporary, output->path)) error = errno;
    return error;
}

void output_close(struct output *output)
{
    require(output->file, "%s is not open", output->path);
    int error = finish(output);
    if (error) unlink(output->temporary);
    pending_drop(output->temporary);
    if (!error && sync_folder(output->path)) error = errno;
    if (error)
        die(EXIT_SYSTEM, "%s: cannot be written: %s (free space on the disk)",
            output->path, strerror(error));
}

void output_discard(struct output *output)
{
    require(output->file, "%s is not open", output->path);
    fclose(output->file); // errors do not matter: the file is removed
    output->file = NULL;
    unlink(output->temporary);
    pending_drop(output->temporary);
}

int file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           access(path, R_OK) == 0;
}

static _Noreturn void unreadable(const char *path, int error, const char *hint)
{
    if (hint) die(EXIT_INPUT, "%s: %s (%s)", path, strerror(error), hint);
    die(EXIT_INPUT, "%s: %s", path, strerror(error));
}

size_t file_size(const char *path, const char *hint)
{
    struct stat status;
    if (stat(path, &status)) unreadable(path, errno, hint);
    if (S_ISDIR(status.st_mode)) unreadable(path, EISDIR, hint);
    return (size_t)status.st_size;
}

char *file_read(size_t *size, const char *path, const char *hint)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) unreadable(path, errno, hint);
    struct stat status;
    if (fstat(descriptor, &status)) unreadable(path, errno, hint);
    // One byte more than the file: for the final 0, and so that one read can meet the end of file.
    size_t capacity = (size_t)status.st_size + 1, used = 0;
    char *bytes = malloc(capacity);
    for (;;) {
        if (!bytes) die(EXIT_SYSTEM, "%s: no memory to read %zu bytes", path, capacity);
        ssize_t got = read(descriptor, bytes + used, capacity - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) unreadable(path, errno, hint);
        if (got == 0) break;
        // Files of /proc have size 0, and a file may grow while it is read.
        used += (size_t)got;
        if (used == capacity) bytes = realloc(bytes, capacity = 2 * capacity + 4096);
    }
    close(descriptor);
    bytes[used] = 0;
    *size = used;
    return bytes;
}
