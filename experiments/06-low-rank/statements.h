// The statements of Sec. 3 to 4.2 that need no data, each with the instances that decide it.
#ifndef MASKBOOK_LOW_RANK_STATEMENTS_H
#define MASKBOOK_LOW_RANK_STATEMENTS_H

#include "core/study/check.h"

enum { STATEMENTS = 18 };
extern const struct check statements[STATEMENTS];

#endif
