#include "core/base/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/files.h"

int lock_take(const char *path, const char *folder, const char *what)
{
    const int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0)
        die(EXIT_SYSTEM, "%s: cannot be opened: %s (check who may write there)", path,
            strerror(errno));
    int taken = flock(lock, LOCK_EX | LOCK_NB);
    if (taken && errno == EWOULDBLOCK) {
        fprintf(stderr, "%s: %s is running, waiting for it to end\n", folder, what);
        do taken = flock(lock, LOCK_EX);
        while (taken && errno == EINTR);
    }
    if (taken)
        die(EXIT_SYSTEM, "%s: cannot be locked: %s (use a folder on a local disk)",
            path, strerror(errno));
    return lock;
}

int lock_take_folder(const char *folder, const char *what)
{
    char path[PATH_SIZE];
    path_format(path, "%s/.lock", folder);
    return lock_take(path, folder, what);
}

int lock_take_writable(const char *folder, const char *what)
{
    return access(folder, W_OK) == 0 ? lock_take_folder(folder, what) : -1;
}
