/// Classifiers that are trained from a study's models, once for each seed: a linear probe on the
/// frozen encoder, the whole encoder finetuned, the same network trained from scratch.
#ifndef MASKBOOK_STUDY_CLASSIFIERS_H
#define MASKBOOK_STUDY_CLASSIFIERS_H

#include "core/analysis/encoder_features.h"
#include "core/linalg/arithmetic.h"
#include "core/stats/accuracy.h"
#include "core/study/experiment.h"

/// The features of both splits (by enum split) by an encoder of the shape of model number `model`;
/// `weights` are its own or others, and `name` tells them apart. As input_features.
void study_encode(struct encoder_features features[2], const struct study *study,
                  size_t model, const char *name, const real *weights, int with_block);

/// Trains the paper's linear probe on the class token of a model, by the finetuning's recipe for
/// `epochs` epochs on all training images, with seeds from the run's on, each on one thread.
/// answers  opened; predicted and highest are filled
void study_probe(struct answers *answers, struct study *study, size_t model,
                 double epochs);

/// What is finetuned, and how.
struct study_finetuning {
    const char *method; ///< "finetuned", for folders and notes
    const char *target; ///< of `make`, to go on after an interruption
    size_t model;
    int scratch;                ///< the model's network from initial weights
    struct recipe recipe;       ///< of the finetuning
    struct images images;       ///< to train on, borrowed
    enum arithmetic arithmetic; ///< of what is trained here
};

/// Finetunes, or finds what was finetuned, with seeds from the run's on, and notes the digests of
/// the weights, whether they are shipped or made here, and their arithmetic. Each seed has a folder
/// in RESULTS/TIER-DATA/runs; another number of images or epochs has other folders. Where that has
/// no weights, shipped ones (core/report/shipped.h) of the same finetuning are read, in whatever
/// arithmetic they were trained unless ARITHMETIC= asks for one.
/// answers  opened; predicted and highest are filled
/// Returns the arithmetic in which the weights of the first seed were trained, and by which program
/// where it was another one (", by PyTorch 2.1 on ..."); as long as the study's arena.
const char *study_finetune(struct answers *answers, struct study *study,
                           const struct study_finetuning *finetuning);

/// Whether study_finetune would find all of `seeds` seeds, made here or shipped, and train nothing
/// (without FORCE=1). Of the images, count and digest are asked for. Dies as study_finetune.
int study_finetuned(const struct study *study,
                    const struct study_finetuning *finetuning, size_t seeds);

/// Notes the digests of shipped finetunings of the pretraining `name` by `method`, so that a result
/// goes stale with them (while `prepare` runs, before anything is found or trained). Dies as
/// shipped_check.
void study_shipped_note(struct study *study, const char *method, const char *name,
                        size_t seeds);

#endif
