// What is shown of the small trainings.
#ifndef MASKBOOK_TOKEN_MIXING_EMIT_H
#define MASKBOOK_TOKEN_MIXING_EMIT_H

#include "experiments/10-token-mixing/arms.h"

/// controls.md, result.tsv, and the figure controls with the numbers it draws.
void emit_arms(const struct arms *arms);

#endif
