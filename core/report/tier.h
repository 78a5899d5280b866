/// The tiers, which say how much a run may cost, and the data that each can be run on.
#ifndef MASKBOOK_REPORT_TIER_H
#define MASKBOOK_REPORT_TIER_H

enum tier {
    TIER_SMOKE, ///< seconds, a small network
    TIER_DESK,  ///< hours on two cores
    TIER_PAPER  ///< the paper's own scale
};

/// "smoke", "desk" or "paper"; static storage.
const char *tier_name(enum tier tier);

/// What a training's --arithmetic is: `asked`, or where that is NULL the tier's own: "auto", but
/// "fp32" at smoke, whose trainings take seconds and whose verdicts are thereby the same on CPUs
/// with and without bfloat16 (static storage).
const char *tier_arithmetic(enum tier tier, const char *asked);

/// *tier and *data from the texts of --tier and --data, NULL for the defaults (desk; planted at
/// smoke, cifar10 otherwise). Dies (EXIT_USAGE), listing the allowed pairs, for any other.
void tier_find(enum tier *tier, const char **data, const char *tier_text,
               const char *data_text);

/// The same for a training, which reads no folder of photographs: dies (EXIT_USAGE) for that too.
void tier_find_training(enum tier *tier, const char **data, const char *tier_text,
                        const char *data_text);

#endif
