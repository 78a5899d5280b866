#include "core/model/variant.h"

#include <string.h>

static const char *const norms[] = {
    [NORM_LAYER] = "layer", [NORM_NONE] = "none", [NORM_BATCH] = "batch"};
static const char *const mixings[] = {
    [MIXING_ATTENTION] = "attention", [MIXING_IDENTITY] = "identity"};

const char *norm_name(enum norm norm)
{
    return norms[norm];
}

const char *mixing_name(enum mixing mixing)
{
    return mixings[mixing];
}

int norm_find(enum norm *norm, const char *name)
{
    for (int n = NORM_LAYER; n <= NORM_BATCH; ++n)
        if (strcmp(norms[n], name) == 0) return *norm = (enum norm)n, 1;
    return 0;
}

int mixing_find(enum mixing *mixing, const char *name)
{
    for (int m = MIXING_ATTENTION; m <= MIXING_IDENTITY; ++m)
        if (strcmp(mixings[m], name) == 0) return *mixing = (enum mixing)m, 1;
    return 0;
}
