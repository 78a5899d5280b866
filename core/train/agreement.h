/// Ranks that do not compute alike would train on mixtures of two different runs: they say what
/// they are before the first update, and whether their weights are still the same later.
#ifndef MASKBOOK_TRAIN_AGREEMENT_H
#define MASKBOOK_TRAIN_AGREEMENT_H

#include <stddef.h>

#include "core/train/rank_group.h"

enum { AGREEMENT_FACTS = 12, AGREEMENT_VALUE = 512 };

/// Something that must be the same everywhere; borrowed.
struct agreement_fact {
    const char *what;  ///< "recipe"
    const char *value; ///< shorter than AGREEMENT_VALUE
};

/// Returns on every rank when all facts (count) are the same on all of them. Else rank 0 dies
/// (EXIT_INPUT), naming a rank that differs, its host, the first fact that does and both values,
/// and with it all others. Alone: does nothing. Collective.
void ranks_agree(const struct rank_group *ranks, const struct agreement_fact *fact,
                 size_t count);

#endif
