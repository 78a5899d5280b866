/// What the probes of Table 1 look at: labelled features of every kind, computed before the first probe is
/// trained, shared by all and changed by none.
#ifndef MASKBOOK_EXPERIMENTS_PROBING_SETS_H
#define MASKBOOK_EXPERIMENTS_PROBING_SETS_H

#include "core/analysis/encoder_features.h"
#include "core/analysis/mlp_units.h"
#include "core/analysis/probe.h"
#include "core/model/weights.h"
#include "core/report/run.h"

/// Where a probe begins.
enum material {
    MATERIAL_CLASS, ///< the class token after the final norm
    MATERIAL_MEAN,  ///< the mean of the patch tokens after the final norm
    MATERIAL_RANDOM, ///< the class token of an encoder with initial weights, another for each seed
    MATERIAL_BLOCK, ///< the input of the last block, which is tuned
    MATERIAL_UNITS  ///< the input of the last perceptron, of which units are tuned
};

enum { RANDOM_ENCODERS = 3 };

struct sets {
    struct images images[2]; ///< by enum split, as all below
    struct last_block block;
    struct mlp_units units;
    struct encoder_features trained[2], random[RANDOM_ENCODERS][2];
    size_t encoders; ///< random ones that are there
    struct features unit_rows[2];
    struct arena arena;
};

/// Loads the images and computes, or finds in RESULTS/TIER-DATA/features, what the encoder makes of them, and what
/// so many `encoders`, at most RANDOM_ENCODERS, with the initial weights of the seeds from the run's on do. Dies
/// (EXIT_INPUT) when its tokens are not finite.
void sets_open(struct sets *sets, const struct run *run, const struct weights *model,
               size_t encoders);

/// One split as the probe of seed number `seed` sees it; the number tells random encoders apart. Contract:
/// for MATERIAL_RANDOM, seed < encoders.
struct probe_set sets_part(const struct sets *sets, enum material material, size_t seed,
                           enum split split);

/// What is trained beside the head (`projections` of MATERIAL_BLOCK: a sum of enum projection), and the bytes
/// of arena that it takes.
struct stage sets_stage(const struct sets *sets, enum material material,
                        unsigned projections, size_t batch, struct arena *arena);
size_t sets_stage_bytes(const struct sets *sets, enum material material, size_t batch);

void sets_close(struct sets *sets);

#endif
