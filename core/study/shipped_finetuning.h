/// Finetunings that are shipped, METHOD-RUN-seedN.safetensors, with the pretrainings
/// (core/report/shipped.h): which of them a run may take in the place of a training.
#ifndef MASKBOOK_STUDY_SHIPPED_FINETUNING_H
#define MASKBOOK_STUDY_SHIPPED_FINETUNING_H

#include "core/report/run.h"
#include "core/train/finetune.h"

/// path (PATH_SIZE) = the shipped weights of the finetuning of the pretraining `name` by `method`,
/// and digest (HASH_HEX) of the file, checked. Returns 1, or 0 where there are none, or they are
/// not to count. As shipped_check.
int finetuning_find(char path[PATH_SIZE], char digest[HASH_HEX], const struct run *run,
                    const char *method, const char *name, uint64_t seed);

/// Fills the outcome (NULL: not wanted) from shipped weights of this finetuning by `method`, if the
/// run may use them, none are made here and FORCE=1 is not asked for. Returns 1, or 0 where there
/// are none. As finetune_read and shipped_check.
int finetuning_shipped(struct finetune_outcome *outcome, const struct run *run,
                       const char *method, const struct finetune *settings);

#endif
