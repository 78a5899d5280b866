/// Table 1's row of ImageNet-1K: the paper's three probes on a published encoder's features of a
/// folder of photographs, by MAE's recipe, and the two linear ones by the public code's next to it.
#ifndef MASKBOOK_EXPERIMENTS_PROBING_FOLDER_H
#define MASKBOOK_EXPERIMENTS_PROBING_FOLDER_H

#include "core/analysis/last_block.h"
#include "core/stats/accuracy.h"
#include "core/study/experiment.h"
#include "core/study/folder_study.h"

enum {
    FOLDER_LP,           ///< LARS
    FOLDER_BN_LP,        ///< LARS, after batch normalisation
    FOLDER_PARTIAL,      ///< head and last qkv, AdamW
    FOLDER_LP_PUBLIC,    ///< LP by the recipe of CIFAR-10's probes
    FOLDER_BN_LP_PUBLIC, ///< BN+LP by the same
    FOLDER_PROBES
};

struct folder_probing {
    struct study *study;
    struct folder_study *folder;
    struct feature_shards shards[2]; ///< by enum split
    struct last_block block;
    size_t seeds;
    int partial; ///< whether partial finetuning runs
    struct answers answers[FOLDER_PROBES];
    struct gain bn, tuned; ///< BN+LP over LP; partial finetuning over BN+LP
    char doubts[FOLDER_DOUBTS + 32];
};

/// Says what the run will cost: hours by the rate of the encoder on black images, and disk
/// needed and free; and what fewer images a class would cost. Dies (EXIT_SYSTEM) when the disk is
/// too small.
void folder_plan(const struct folder_study *folder, const struct run *run, size_t seeds,
                 int partial);

/// Encodes, trains, judges and emits.
void folder_run(struct study *study);

#endif
