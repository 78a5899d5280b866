// The statements about normalisation and token mixing that need no data.
#ifndef MASKBOOK_TOKEN_MIXING_STATEMENTS_H
#define MASKBOOK_TOKEN_MIXING_STATEMENTS_H

#include "core/study/check.h"

enum { STATEMENTS = 7 };
extern const struct check statements[STATEMENTS];

#endif
