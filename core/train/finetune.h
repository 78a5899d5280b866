/// Whole finetuning (paper Sec. 6.4): a classifier (core/model/classifier.h) is trained on
/// labelled whole images, every weight of it. Its encoder is pretrained or, as the rival at an
/// equal budget, random. No augmentation, no decay of the learning rate over layers. It can be
/// killed at any moment and continued to the same bits. The part that works in memory is public for
/// programs that train elsewhere.
#ifndef MASKBOOK_TRAIN_FINETUNE_H
#define MASKBOOK_TRAIN_FINETUNE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/data/images.h"
#include "core/linalg/arithmetic.h"
#include "core/model/classifier.h"
#include "core/model/weights.h"
#include "core/train/recipe.h"
#include "core/train/run_identity.h"
#include "core/train/trainer.h"

/// The pretrainings whose finetunings Table 2 compares.
#define TABLE2_RUNS                                                                    \
    {                                                                                  \
        "m75-h3", "m75-h6"                                                             \
    }

/// How the pretraining `run` of `tier` is finetuned: its shape, mask ratio 0, and the
/// finetuning's own batch, epochs and AdamW. Dies as recipe_find.
struct recipe finetune_recipe(const char *tier, const char *run);

/// On how many training images, the first ones, a tier finetunes; 0: on all, as it does wherever
/// it is told how long (`epochs` > 0). The smoke tier's finetunings are pilots.
size_t finetune_images(const char *tier, double epochs);

struct finetune {
    struct recipe recipe;
    /// Of the recipe's shape, borrowed; NULL: from scratch.
    const struct weights *pretrained;
    uint64_t seed; ///< of the head (from scratch: of everything) and of the order
    enum arithmetic arithmetic; ///< of training; evaluation is always FP32
    int threads;
    /// 1: train although a result exists, and discard weights and a checkpoint that do not fit.
    int force;
    const struct images *images; ///< to train on, borrowed
    /// Evaluated after each epoch, never used to choose; borrowed.
    const struct images *test;
    const char *folder; ///< for weights.safetensors, log.tsv and the checkpoint
    /// Key of the sources, when results made by other sources do not count; or NULL.
    const char *code;
    const char *resume_command;             ///< printed when interrupted
    double checkpoint_seconds;              ///< as for train_loop_run
    void (*after_update)(uint64_t updates); ///< as for train_loop_run
};

struct finetune_outcome {
    uint16_t *predicted; ///< (test->count) after the last update; the caller's memory
    double accuracy;     ///< of `predicted`
    /// The largest over the epochs' ends: chosen on the test set, so optimistic.
    double best;
    double best_epoch; ///< where that was, the first of equals
    uint64_t updates;
    char digest[HASH_HEX]; ///< of weights.safetensors
    char arithmetic[16];   ///< that the weights were trained in, arithmetic_name
    char trainer
        [96]; ///< the program that trained them ("PyTorch 2.1 on ..."), "": this one
};

/// Whether finetune_run would find its result and train nothing. Reads no image: of images, digest
/// and count are asked for. Dies (EXIT_INPUT) when the existing weights are corrupt.
int finetune_ready(const struct finetune *settings);

/// Trains to the end, from the folder's checkpoint if there is one, unless
/// folder/weights.safetensors exists and came from the same recipe, start, images, seed,
/// arithmetic and core type, and from the same code if `code` is given. With `code` or `force`
/// other weights and checkpoints are replaced; without, hours may be in them, and it dies
/// (EXIT_INPUT) naming what differs. Waits until no other training runs in folder's parent. Returns
/// 1 after training, 0 when there was nothing to do.
///
/// The log's lines (core/train/train_log.h) carry the accuracy on `test`. The weights are F32
/// with metadata: format, run, tier, data, updates, images_seen, epochs, heads, patch,
/// weights_sha256, test_accuracy, best_test_accuracy, best_epoch, and recipe, seed, data_digest,
/// arithmetic, core_type, code (if given). The recipe's text says how many images there were and
/// what was finetuned (the slab_digest of the pretraining, or "random"). Interruptions and failures
/// as for train_loop_run; dies (EXIT_INPUT) when the existing weights are corrupt.
int finetune_run(struct finetune_outcome *outcome, const struct finetune *settings);

/// Images per second of such a training on this machine; the files do not count (trainer_rate).
/// *parameters = how many numbers its weights have.
double finetune_rate(size_t *parameters, const struct finetune *settings, int updates);

/// The same result from the file `path`, which was made elsewhere and may be rounded (core/model/
/// safetensors.h, SAFETENSORS_TRAINED; so may the pretraining): fills the outcome (if not NULL;
/// then of images only count and digest are asked for) and returns 1 if it has the recipe, start,
/// images, seed and code that the settings ask for, and, under `same_arithmetic`, the arithmetic;
/// the kernels may be others. Otherwise returns 0. Trains nothing; folder, threads apart, and the
/// rest of the settings do not count. Dies (EXIT_INPUT) when the file is corrupt.
int finetune_read(struct finetune_outcome *outcome, const struct finetune *settings,
                  const char *path, int same_arithmetic);

// ====== In memory ======

/// A micro-batch of labelled images and the workspace of its pass: one thread's.
struct labelled_batch {
    struct classifier_activations *activations;
    real *patches;    ///< (B,T,F) in [-1,1]
    uint16_t *labels; ///< (B)
    real *dlogits;    ///< (B,C)
};

/// A trainer of classifiers: trainer_step(&finetuner.trainer) makes one update.
struct finetuner {
    const struct finetune *settings;  ///< borrowed
    struct finetune_outcome *outcome; ///< to fill, borrowed; NULL: not wanted
    struct arena arena;               ///< of the model's table and the batches
    struct classifier classifier;
    struct trainer trainer;
    struct labelled_batch *batch; ///< (threads)
    struct run_identity identity;
    char weights[PATH_SIZE];
};

/// As trainer_open, for settings->recipe and with the pretrained encoder in the weights; files are
/// neither read nor written.
void finetuner_open(struct finetuner *finetuner, const struct finetune *settings);

/// Stops the threads and frees everything.
void finetuner_close(struct finetuner *finetuner);

#endif
