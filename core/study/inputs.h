/// What an experiment is given. Models, images and kernels are noted in the provenance, keyed, so
/// that a result goes stale with what it was computed from; features follow from those.
#ifndef MASKBOOK_STUDY_INPUTS_H
#define MASKBOOK_STUDY_INPUTS_H

#include "core/analysis/encoder_features.h"
#include "core/data/images.h"
#include "core/model/weights.h"
#include "core/report/run.h"
#include "core/train/recipe.h"

/// Finds the pretraining `name` ("m75-h3") of the run's tier and data, reads it, and notes its
/// digest as "weights NAME" and, as "training of NAME", whether the weights are shipped or made
/// here, in which arithmetic they were trained, and by which program where it was another one
/// (tools/torch). Weights of fewer epochs than their recipe's are a pilot (run_pilot), and so are
/// those of a recipe that differs in more than its length.
/// model, recipe    filled where there are such weights; `recipe` is the one that they follow
/// Returns 1; where there are no such weights, as run_need_weights. Dies (EXIT_INPUT) as
/// pretrained_open when they are not what their name says, and as shipped_check.
int input_model(struct weights *model, struct recipe *recipe, struct run *run,
                const char *name) __attribute__((warn_unused_result));

/// The same for a pretraining that no claim rests on, so that it is left out unless it is trained
/// to its end by its recipe. Returns 1, or 0 where it is left out, which is noted.
int input_model_extra(struct weights *model, struct recipe *recipe, struct run *run,
                      const char *name) __attribute__((warn_unused_result));

/// Notes the digest of a split, which need not be loaded.
void input_images(struct run *run, enum split split);

/// Notes what decides the bits besides sources and inputs: the arithmetic of forward passes
/// ("fp32", "fp64" in the double build), OpenBLAS's core type and build, the products' path.
void input_kernels(struct run *run);

/// The features of a split of the run's images by the encoder that `name` names ("m75-h3"; the
/// weights themselves tell two of one name apart): read from RESULTS/TIER-DATA/features, or
/// computed and stored there, where another experiment, and another run, find them
/// (encoder_features_open). Dies (EXIT_INPUT) when they are not finite.
void input_features(struct encoder_features *features, const struct run *run,
                    const char *name, enum split split, int with_block,
                    const struct encoder_source *source);

enum { STUDY_SCALE = 256 };

/// text (STUDY_SCALE) = how much these models were trained, by their own metadata, for notes and
/// captions: "model trained for 2 epochs, 782 updates", or the least and the most of several; and
/// by which program, where it was not this one.
/// models (count)
void models_scale(char text[STUDY_SCALE], const struct weights *models, size_t count);

/// Dies (EXIT_INPUT) naming the weights when `overflowed` is nonzero, as encode_images,
/// token_set_encoder and their like return it: some number that they made of the model was not
/// finite.
void input_finite(const struct weights *model, int overflowed);

#endif
