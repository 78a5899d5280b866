#include "core/base/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/number.h"
#include "core/base/text.h"

// Temporary files of this process that are neither renamed nor removed yet. An exit handler removes
// them when the process dies elsewhere, a signal handler when a signal ends it; a forked child
// leaves those of its parent alone. The signal handler may interrupt anything, so it takes no lock:
// an entry is written before `used` is set, and entries are used again but never freed.
struct pending {
    char temporary[PATH_SIZE];
    pid_t process;
    atomic_int used;
    struct pending *next;
};
static _Atomic(struct pending *) pending_list;
static pthread_mutex_t pending_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t pending_once = PTHREAD_ONCE_INIT;

static void pending_remove(void)
{
    for (struct pending *p = atomic_load(&pending_list); p; p = p->next)
        if (atomic_load(&p->used) && p->process == getpid()) unlink(p->temporary);
}

// Runs inside exit(). It does not release the lock, so that a running thread cannot open another
// file.
static void pending_remove_all(void)
{
    pthread_mutex_lock(&pending_lock);
    pending_remove();
}

static const int ending_signals[] = {SIGINT, SIGTERM, SIGHUP};

// Ends the process as the signal would have ended it.
static void pending_signal(int number)
{
    pending_remove();
    signal(number, SIG_DFL);
    raise(number);
}

// A handler of the caller, or a signal that is ignored (nohup), stays as it is. A training has a
// handler for a while, so this is looked at whenever a file is opened.
static void pending_catch(void)
{
    struct sigaction now, own = {.sa_handler = pending_signal};
    sigfillset(&own.sa_mask);
    for (size_t i = 0; i < sizeof ending_signals / sizeof *ending_signals; ++i)
        if (sigaction(ending_signals[i], NULL, &now) == 0 &&
            !(now.sa_flags & SA_SIGINFO) && now.sa_handler == SIG_DFL)
            sigaction(ending_signals[i], &own, NULL);
}

// Writing past the file size limit raises SIGXFSZ, which kills the process. With the signal
// ignored, the write fails with EFBIG and is reported like a full disk.
static void pending_prepare(void)
{
    signal(SIGXFSZ, SIG_IGN);
    atexit(pending_remove_all);
}

// A temporary file is named by the file that it becomes, this mark and a number; a random one, as a
// process of another container may have the number of ours, and write into the same folder.
static const char mark[] = ".tmp.";

static int is_temporary_of(const char *name, const char *path)
{
    const size_t length = strlen(path);
    int64_t number;
    return strncmp(name, path, length) == 0 && text_begins(name + length, mark) &&
           integer_scan(&number, name + length + strlen(mark)) && number > 0;
}

static void pending_add(const char *temporary, const char *path)
{
    struct pending *free_one = NULL, *p;
    int same = 0;
    pthread_once(&pending_once, pending_prepare);
    pending_catch();
    pthread_mutex_lock(&pending_lock);
    for (p = atomic_load(&pending_list); p; p = p->next) {
        const int used = atomic_load(&p->used);
        same |= used && is_temporary_of(p->temporary, path);
        if (!used) free_one = p;
    }
    if (!free_one && !same) {
        free_one = calloc(1, sizeof *free_one);
        if (free_one) {
            free_one->next = atomic_load(&pending_list);
            atomic_store(&pending_list, free_one);
        }
    }
    if (free_one && !same) {
        memcpy(free_one->temporary, temporary, strlen(temporary) + 1);
        free_one->process = getpid();
        atomic_store(&free_one->used, 1);
    }
    pthread_mutex_unlock(&pending_lock);
    require(!same, "%s is being written already", path);
    if (!free_one) die(EXIT_SYSTEM, "%s: no memory to write it", temporary);
}

static void pending_drop(const char *temporary)
{
    pthread_mutex_lock(&pending_lock);
    for (struct pending *p = atomic_load(&pending_list); p; p = p->next)
        if (atomic_load(&p->used) && strcmp(p->temporary, temporary) == 0)
            atomic_store(&p->used, 0);
    pthread_mutex_unlock(&pending_lock);
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

// What is made here is listed, so that `make distclean` removes it and nothing else.
static char ours[PATH_SIZE];

void folder_ours(const char *path)
{
    require(strrchr(path, '/'), "%s names no folder in another", path);
    path_format(ours, "%s", path);
}

// Adds the name of the folder `ours`, which has just been made, to the list of the one it is in.
static void ours_add(void)
{
    char list[PATH_SIZE];
    const char *name = strrchr(ours, '/') + 1;
    path_format(list, "%.*s.maskbook", (int)(name - ours), ours);
    FILE *file = fopen(list, "ae");
    if (!file || fprintf(file, "%s\n", name) < 0 || fclose(file))
        die(EXIT_SYSTEM, "%s: cannot be written: %s (check who may write there)", list,
            strerror(errno));
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
        if (mkdir(prefix, 0777) == 0) {
            if (strcmp(prefix, ours) == 0) ours_add();
        } else {
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

// True when `path`, below `folder`, still names the open file.
static int is_still(int folder, const char *path, int file)
{
    struct stat held, status;
    return fstat(file, &held) == 0 && fstatat(folder, path, &status, 0) == 0 &&
           held.st_ino == status.st_ino && held.st_dev == status.st_dev;
}

// Removes what processes that were killed have left of earlier attempts to write `path`: nobody
// holds the lock of such a file, which a writer does until it is renamed. Whether its process is
// there does not matter: one that is dead keeps its number until its parent asks for it, and
// another may have the number since.
static void stale_remove(const char *path, const char *folder)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries));) {
        if (!is_temporary_of(entry->d_name, name)) continue;
        const int file = openat(dirfd(entries), entry->d_name,
                                O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (file < 0) continue;
        if (flock(file, LOCK_EX | LOCK_NB) == 0 &&
            is_still(dirfd(entries), entry->d_name, file))
            unlinkat(dirfd(entries), entry->d_name, 0);
        close(file);
    }
    if (entries) closedir(entries);
}

static void temporary_name(char temporary[PATH_SIZE], const char *path)
{
    uint64_t number;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        die(EXIT_SYSTEM, "%s: no random number (renew the system)", path);
    path_format(temporary, "%s%s%" PRIu64, path, mark, (number >> 1) | 1);
}

// Makes a file and locks it, which tells stale_remove that it is being written. Between the two a
// process may have taken it for stale: then it is made again. Returns NULL with errno on failure.
static FILE *temporary_open(const char *temporary)
{
    for (;;) {
        FILE *file = fopen(temporary, "wbxe");
        if (!file) return NULL;
        // Waits, as one who looks at the file holds the lock for a moment.
        while (flock(fileno(file), LOCK_EX) && errno == EINTR) continue;
        if (is_still(AT_FDCWD, temporary, fileno(file))) return file;
        fclose(file);
    }
}

void output_open(struct output *output, const char *path)
{
    char folder[PATH_SIZE];
    struct stat status;
    path_format(output->path, "%s", path);
    temporary_name(output->temporary, path);
    folder_of(folder, path);
    folder_make(folder);
    // Renaming would replace a device by a file, and fail for a folder only after all the work.
    if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
        die(EXIT_SYSTEM, "%s: is not a regular file (move it away)", path);
    stale_remove(path, folder);
    pending_add(output->temporary, path);
    output->file = temporary_open(output->temporary);
    if (!output->file)
        die(EXIT_SYSTEM, "%s: cannot be written: %s (check who may write there)", path,
            strerror(errno));
}

// A renamed file survives a power cut once its folder is flushed as well, where the file system can
// (else EINVAL) and one may look into the folder (else EACCES).
static int sync_folder(const char *path)
{
    char folder[PATH_SIZE];
    folder_of(folder, path);
    int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return errno == EACCES ? 0 : -1;
    int failed = fsync(descriptor) && errno != EINVAL, error = errno;
    close(descriptor);
    errno = error;
    return failed ? -1 : 0;
}

// Why a write to the file failed, which errno no longer says: writes more until it fails again, as
// it does on a full disk. The file is not kept.
static int lost_error(int descriptor)
{
    enum { MOST = 64 };
    static const char more[4096];
    for (int i = 0; i < MOST; ++i)
        if (write(descriptor, more, sizeof more) < 0) return errno;
    return EIO;
}

// Flushes, closes and renames, or removes. Returns 0 or an errno. A second descriptor keeps the
// lock to the end: without it another process would take the file for what a killed one has left.
static int finish(struct output *output)
{
    FILE *file = output->file;
    int error = fflush(file) ? errno : 0;
    if (!error && ferror(file)) error = lost_error(fileno(file));
    if (!error && fsync(fileno(file))) error = errno;
    const int lock = fcntl(fileno(file), F_DUPFD_CLOEXEC, 0);
    if (lock < 0 && !error) error = errno;
    if (fclose(file) && !error) error = errno;
    output->file = NULL;
    if (!error && rename(output->temporary, output->path)) error = errno;
    if (error) unlink(output->temporary);
    pending_drop(output->temporary);
    if (lock >= 0) close(lock);
    return error;
}

void output_close(struct output *output)
{
    require(output->file, "%s is not open", output->path);
    int error = finish(output);
    if (!error && sync_folder(output->path)) error = errno;
    if (error)
        die(EXIT_SYSTEM, "%s: cannot be written: %s (%s)", output->path,
            strerror(error),
            error == ENOSPC || error == EDQUOT || error == EFBIG
                ? "free space on the disk"
                : "check the disk");
}

int file_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
           access(path, R_OK) == 0;
}

static _Noreturn void unreadable(const char *path, int error, const char *hint)
{
    if (hint) die(unread_code(error), "%s: %s (%s)", path, strerror(error), hint);
    die(unread_code(error), "%s: %s", path, strerror(error));
}

int file_kept(const char *path)
{
    struct stat status;
    if (stat(path, &status)) {
        if (errno == ENOENT || errno == ENOTDIR) return 0;
        unreadable(path, errno, NULL);
    }
    if (!S_ISREG(status.st_mode))
        die(EXIT_INPUT, "%s: is no regular file (move it away)", path);
    if (access(path, R_OK)) unreadable(path, errno, NULL);
    return 1;
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

void file_copy(const char *to, const char *from)
{
    size_t size;
    struct output output;
    char *bytes = file_read(&size, from, NULL);
    output_open(&output, to);
    fwrite(bytes, 1, size, output.file);
    output_close(&output);
    free(bytes);
}
