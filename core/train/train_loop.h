/// A training and its files, for any model: the loop over updates with its log, checkpoints and
/// interruptions. It can be killed at any moment and continued to the same bits. The caller says
/// what a micro-batch computes (core/train/trainer.h) and what is written at the end.
#ifndef MASKBOOK_TRAIN_TRAIN_LOOP_H
#define MASKBOOK_TRAIN_TRAIN_LOOP_H

#include <stdint.h>

#include "core/train/checkpoint.h"
#include "core/train/trainer.h"

struct train_loop {
    struct trainer *trainer;             ///< open, in its initial state
    const struct run_identity *identity; ///< what a checkpoint must agree with
    const char *label;                   ///< of the progress line, "finetune m75-h3"
    const char *folder;                  ///< for checkpoint.safetensors and log.tsv
    const char *resume_command;          ///< printed when interrupted
    /// At least this long between checkpoints (0: at every line of the log and every 100 updates).
    double checkpoint_seconds;
    /// 1: remove a checkpoint that cannot be read or does not fit, instead of dying.
    int discard;
    /// Called after every update and its checkpoint with the number of updates done, or NULL; tests
    /// use it to end a training at a chosen moment.
    void (*after_update)(uint64_t updates);
    /// The accuracy for a line of the log, at the present weights, or NULL. Called between updates.
    double (*measure)(void *context);
    /// Writes the result, after the last update and before its checkpoint is removed.
    void (*finish)(void *context);
    void *context; ///< of measure and finish
};

/// Removes the checkpoint in `folder`: of a training that ended after its result was written, so by
/// a process that held on to the folder's lock.
void train_loop_forget(const char *folder);

/// Continues from folder/checkpoint.safetensors if it is whole and of the same identity, or
/// begins; trains to the end, calls `finish` and removes the checkpoint. Dies (EXIT_INPUT) for a
/// checkpoint that is not usable, saying what is wrong and what to do, or removes it with a line
/// on stderr (`discard`).
///
/// Appends to folder/log.tsv (core/train/train_log.h) one line for the first update that
/// completes an epoch, and for the last; drops lines after the checkpoint when it resumes.
///
/// On SIGINT, SIGTERM or SIGUSR1 (which mpirun and Slurm pass on without killing) finishes the
/// update, writes a checkpoint, prints the command that resumes and exits EXIT_SYSTEM; after the
/// last update it finishes the training first, then exits likewise, so that a process never goes on
/// to its next training. The same signal again kills. Dies (EXIT_SYSTEM) when the loss or the
/// weights are not finite, leaving the last checkpoint; (EXIT_INPUT) for a checkpoint whose log
/// lacks lines.
///
/// Where the trainer's plan has several ranks, all call this, and rank 0 alone reads and writes
/// files and speaks: folder, resume_command and finish are unused on the others. A signal to any
/// rank stops all after the same update; the others then exit 0. A checkpoint knows nothing of
/// ranks. Their weights are compared at the start and at every line of the log (ranks_agree).
void train_loop_run(const struct train_loop *loop);

#endif
