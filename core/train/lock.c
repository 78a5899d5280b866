#include "core/train/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "core/base/die.h"
#include "core/base/files.h"

int training_lock(const char *folder)
{
    char path[PATH_SIZE];
    folder_make(folder);
    path_format(path, "%s/../.lock", folder);
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (lock < 0)
        die(EXIT_SYSTEM, "%s: cannot be opened: %s (check who may write there)", path,
            strerror(errno));
    int taken = flock(lock, LOCK_EX | LOCK_NB);
    if (taken && errno == EWOULDBLOCK) {
        fprintf(stderr, "%s: another training is running, waiting for it to end\n",
                folder);
        do taken = flock(lock, LOCK_EX);
        while (taken && errno == EINTR);
    }
    if (taken)
        die(EXIT_SYSTEM, "%s: cannot be locked: %s (use a folder on a local disk)",
            path, strerror(errno));
    return lock;
}
