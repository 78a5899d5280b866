/// The log of a training, one line an epoch, that a killed and continued training leaves exactly as
/// an uninterrupted one does (but for the measured rates): lines that the checkpoint does not
/// know of are dropped.
#ifndef MASKBOOK_TRAIN_HISTORY_H
#define MASKBOOK_TRAIN_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/files.h"
#include "core/base/hash.h"

/// One line.
struct moment {
    double epoch;             ///< epochs seen
    uint64_t updates;         ///< updates done
    double loss;              ///< mean over the updates since the line before
    double learning_rate;     ///< of the last update
    double images_per_second; ///< since the line before, or since the process began
    double accuracy;          ///< on the test images; 0 where it is not measured
    char weights_sha256[HASH_HEX];
};

struct history {
    char path[PATH_SIZE];
    struct moment *moments; ///< (count), owned
    size_t count;
};

/// Reads the lines of at most `updates` updates from the table at `path`, none when there is no file.
/// Dies (EXIT_INPUT) for a table that is not a log.
void history_open(struct history *history, const char *path, uint64_t updates);

/// Appends a line and writes the table anew, atomically. Dies (EXIT_SYSTEM) when it cannot.
void history_add(struct history *history, const struct moment *moment);

/// Frees the lines.
void history_close(struct history *history);

#endif
