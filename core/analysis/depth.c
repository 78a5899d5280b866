#include "core/analysis/depth.h"

const char *depth_name(enum depth depth)
{
    static const char *const names[DEPTHS] = {"embedding",  "quarter depth",
                                              "half depth", "three quarters",
                                              "last block", "final norm"};
    return names[depth];
}

int depth_layer(enum depth depth, int blocks)
{
    return depth == DEPTH_NORM ? -1 : blocks * (int)depth / (int)DEPTH_LAST;
}
