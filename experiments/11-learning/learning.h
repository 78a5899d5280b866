/// How the seven pretrainings learned, and how well they reconstruct in the end.
#ifndef MASKBOOK_EXPERIMENTS_LEARNING_LEARNING_H
#define MASKBOOK_EXPERIMENTS_LEARNING_LEARNING_H

#include "core/study/experiment.h"
#include "core/train/train_log.h"

enum { LEARNERS = 7 };

/// One pretraining.
struct learner {
    const struct weights *model; ///< borrowed
    const struct recipe *recipe; ///< borrowed
    /// Its training's log, open: no line where none is there, or it is of other weights.
    struct train_log log;
    /// Masked loss on the first test images, of the model and of the best linear predictor, and
    /// the paired difference, linear minus model.
    struct estimate loss, linear, lead;
};

/// Opens the log of a study's model: next to its weights, shipped or in RESULTS/TIER-DATA/runs.
/// Dies (EXIT_INPUT) as train_log_open, and as shipped_check for a shipped one.
void learner_log(struct learner *learner, const struct study *study);

/// The table: result.tsv, stdout, learning.md.
void emit_losses(struct study *study, const struct learner learner[LEARNERS]);

/// learning.tsv, .svg, .png: the loss of each epoch over epochs, and the linear predictor's.
void emit_learning(struct study *study, const struct learner learner[LEARNERS]);

#endif
