#include "core/train/training_lock.h"

#include "core/base/files.h"
#include "core/base/lock.h"

int training_lock(const char *folder)
{
    char path[PATH_SIZE];
    folder_make(folder);
    path_format(path, "%s/../.lock", folder);
    return lock_take(path, folder, "another training");
}
