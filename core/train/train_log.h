/// The log of a training, one line per epoch. A training that was killed and continued has the
/// same log as an uninterrupted one (but for the measured rates): lines after the checkpoint are
/// dropped.
#ifndef MASKBOOK_TRAIN_TRAIN_LOG_H
#define MASKBOOK_TRAIN_TRAIN_LOG_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/files.h"
#include "core/base/hash.h"

struct log_line {
    double epoch;             ///< epochs seen
    uint64_t updates;         ///< updates done
    double loss;              ///< mean over the updates since the line before
    double learning_rate;     ///< of the last update
    double images_per_second; ///< since the line before, or since the process began
    double accuracy;          ///< on the test images; NAN: not measured
    char weights_sha256[HASH_HEX];
};

struct train_log {
    char path[PATH_SIZE];
    struct log_line *line; ///< (count), owned
    size_t count;
};

/// Reads the lines of at most `updates` updates from the table at `path`, none when there is no
/// file. Dies (EXIT_INPUT) for a table that is not a log.
void train_log_open(struct train_log *log, const char *path, uint64_t updates);

/// The same of a training that has ended, whose weights do not depend on its log: all lines, and
/// none but a line on stderr when the table is not a log.
void train_log_find(struct train_log *log, const char *path);

/// Appends a line and writes the table anew, atomically; a column test_accuracy exists when some
/// line has one. Dies (EXIT_SYSTEM) when it cannot.
void train_log_add(struct train_log *log, const struct log_line *line);

/// Frees the lines.
void train_log_close(struct train_log *log);

#endif
