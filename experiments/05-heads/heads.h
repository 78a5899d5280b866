/// The classifiers of Table 2, for encoders of three heads and of six: a linear probe on the frozen
/// encoder, the whole encoder finetuned, and the same network trained from scratch, the rival.
#ifndef MASKBOOK_EXPERIMENTS_HEADS_HEADS_H
#define MASKBOOK_EXPERIMENTS_HEADS_HEADS_H

#include "core/study/classifiers.h"

/// The models, in the order of the experiment, and what is made of them.
enum { THREE_HEADS, SIX_HEADS, MODELS };
enum { METHOD_PROBE, METHOD_FINETUNED, METHOD_SCRATCH, METHODS };

struct method {
    const char *key, *name; ///< of results, and in tables
    /// Claims about the accuracies and about their difference; NULL for training from scratch,
    /// which the paper does not have.
    const char *accuracy[MODELS], *difference;
};
extern const struct method methods[METHODS];

/// How much is done at a tier.
struct heads_scale {
    size_t images;       ///< to finetune on, the first of the canonical order; 0: all
    double epochs;       ///< of finetuning; 0: the recipe's
    double probe_epochs; ///< of the linear probe, on all training images
    size_t seeds[METHODS];
};

struct heads {
    struct study *study;
    const char *pretrained; ///< how much training the models have had
    struct heads_scale scale;
    enum arithmetic arithmetic; ///< of what is finetuned here
    /// In which the weights were trained; NULL for the probe.
    const char *trained[MODELS][METHODS];
    struct recipe recipe[MODELS]; ///< of finetuning, at this scale
    struct images few; ///< the part of the training images to finetune on, borrowed
    struct answers answers[MODELS][METHODS];
    struct gain difference[METHODS]; ///< six heads minus three
    struct gain pretraining[MODELS]; ///< finetuned minus from scratch
    struct gain gap;                 ///< finetuned minus linear probe, three heads
};

/// The scale of a run, by its tier, EPOCHS and SEEDS.
struct heads_scale heads_scale(const struct run *run);

/// Fills what needs neither models nor images.
void heads_open(struct heads *heads, struct study *study);

/// How one of the methods that train a whole network makes its classifiers. Requires heads->few.
struct study_finetuning heads_finetuning(const struct heads *heads, size_t model,
                                         int method);

/// Trains every classifier of both models, or finds it trained, measures and compares them.
void heads_train(struct heads *heads);

/// text (STUDY_SCALE) = how much training the numbers of a method rest on.
void heads_describe(char text[STUDY_SCALE], const struct heads *heads, int method);

/// The table: published, measured, verdict; result.tsv, stdout, table2.md.
void heads_emit(const struct heads *heads);

/// export/labels.npy (n) and export/RUN-METHOD.npy (S,n), uint8: the label of each test image, and
/// the answer of each seed.
void heads_export(const struct heads *heads);

#endif
