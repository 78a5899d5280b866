/// The two arms of Table 2, three heads and six, and the classifiers that each gives: a linear probe on the
/// frozen encoder, the whole encoder finetuned, and the same network trained from scratch, the rival.
#ifndef MASKBOOK_EXPERIMENTS_HEADS_ARMS_H
#define MASKBOOK_EXPERIMENTS_HEADS_ARMS_H

#include "core/base/arena.h"
#include "core/data/images.h"
#include "core/linalg/arithmetic.h"
#include "core/model/weights.h"
#include "core/report/run.h"
#include "core/stats/accuracy.h"
#include "core/train/finetune.h"

enum { ARMS = 2 };
enum method { METHOD_PROBE, METHOD_FINETUNED, METHOD_SCRATCH, METHODS };

/// "lp", "finetuned", "scratch", as keys of results; static storage.
extern const char *const method_key[METHODS];

/// What a run is scaled to.
struct scale {
    size_t images;       ///< to finetune on, the first of the canonical order; 0: all
    double epochs;       ///< of finetuning; 0: the recipe's
    double probe_epochs; ///< of the linear probe, on all training images
    size_t seeds[METHODS];
};

/// One pretraining.
struct arm {
    const char *name; ///< "m75-h3"
    struct weights model;
    struct recipe recipe; ///< of its finetuning, at the run's scale
    struct answers by[METHODS];
};

/// What all arms share.
struct study {
    struct run *run;
    struct scale scale;
    enum arithmetic arithmetic;     ///< of finetuning
    struct images train, test, few; ///< few: the part of train to finetune on, borrowed
    struct arena arena;             ///< of the answers
    struct arm arms[ARMS];
};

/// Finds both pretrainings and notes all that the result depends on; no image is loaded yet.
void study_open(struct study *study, struct run *run);

/// Loads the images, trains every classifier of every arm, or finds it trained, and measures it.
void study_run(struct study *study);

/// Frees everything.
void study_close(struct study *study);

#endif
