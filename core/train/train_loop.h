/// A training and its files, whatever the model: the loop over updates with its log, checkpoints and
/// interruptions, killed at any moment and continued to the same bits. What a leaf computes is
/// core/train/trainer.h's caller's business, and so is what is written at the end.
#ifndef MASKBOOK_TRAIN_TRAINING_H
#define MASKBOOK_TRAIN_TRAINING_H

#include <stdint.h>

#include "core/train/checkpoint.h"
#include "core/train/trainer.h"

struct train_loop {
    struct trainer *trainer;             ///< open, not started, in its initial state
    const struct run_identity *identity; ///< what a checkpoint must agree with
    const char *label;          ///< of the progress line, e.g. "finetune m75-h3"
    const char *folder;         ///< for checkpoint.safetensors and log.tsv
    const char *resume_command; ///< printed when interrupted
    double checkpoint_seconds;  ///< at least this long between checkpoints (0: every
                                ///< line of the log and every 100 updates)
    int discard; ///< remove a checkpoint that cannot be read or does not fit, instead of
                 ///< dying
    /// Called after every update and its checkpoint with the number of updates done, or NULL; how
    /// tests end a training at a chosen line.
    void (*after_update)(uint64_t updates);
    /// The accuracy that a line of the log shall have, at the present weights; or NULL. Called
    /// between updates.
    double (*measure)(void *context);
    /// Writes what the training is for, after the last update and before its checkpoint is removed.
    void (*finish)(void *context);
    void *context; ///< of measure and finish
};

/// Goes on from folder/checkpoint.safetensors when it is whole and of the same identity, or begins;
/// trains to the end, calls `finish` and removes the checkpoint. A checkpoint that is not usable ends the
/// process (EXIT_INPUT), saying what is wrong and what to do, or is removed, with a line on stderr
/// (`discard`).
///
/// Appends to folder/log.tsv one line for the first update that completes an epoch, and for the last:
/// core/train/train_log.h; lines past the checkpoint are dropped on resume.
///
/// On SIGINT or SIGTERM finishes the update, writes a checkpoint, prints the command that resumes and
/// exits EXIT_SYSTEM; a second signal kills. Dies (EXIT_SYSTEM) when the loss or the weights are not
/// finite, keeping the last checkpoint. Contract: this process has no other thread (checkpoint_fits).
void train_loop_run(const struct train_loop *training);

#endif
