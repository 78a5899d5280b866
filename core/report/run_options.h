/// What the command line of an experiment says.
#ifndef MASKBOOK_REPORT_RUN_OPTIONS_H
#define MASKBOOK_REPORT_RUN_OPTIONS_H

#include <stdint.h>

#include "core/report/tier.h"

/// Texts belong to the command line or are static.
struct run_options {
    enum tier tier;        ///< --tier
    const char *tier_name; ///< "desk"
    const char *data;      ///< --data, or the tier's: "cifar10"
    const char *run_name;  ///< --run, a pretraining; NULL when not given
    uint64_t seed;         ///< --seed
    int seeds;     ///< --seeds: instead of the tier's number of them; 0 when not given
    int threads;   ///< --threads, or the CPUs allowed to the process
    double epochs; ///< --epochs: instead of the recipe's; 0 when not given
    const char
        *arithmetic; ///< --arithmetic, of trainings: auto, fp32, bf16 or bf16-dot
    /// Whether pretrainings and finetunings that the suite ships count (run_options_shipped).
    int shipped, shipped_finetunings;
    int export_arrays; ///< --export 1
    int force;         ///< --force 1
    /// Of DATA=imagefolder: --weights, a file of a published ViT, or NULL; --heads and
    /// --images-per-class, 0 when not given; unless --partial 0: partial finetuning runs.
    const char *weights;
    int heads, images_per_class, partial;
    const char *results; ///< --results: the folder of all results
};

/// Reads the options of the experiment `name` and checks that TIER-DATA is an allowed pair. Dies
/// (EXIT_USAGE) otherwise.
void run_options_read(struct run_options *options, const char *name, int argc,
                      char **argv);

/// Fills what --shipped says: 1, all shipped weights count, 0, none, or "pretrainings", these
/// alone. Dies (EXIT_USAGE) for any other text.
void run_options_shipped(struct run_options *options, const char *text);

/// Dies (EXIT_USAGE) when the data are folders of photographs: for programs that cannot read them.
void run_options_refuse_folders(const struct run_options *options);

#endif
