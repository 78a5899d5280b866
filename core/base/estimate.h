/// A number estimated from a sample, with its interval: what statistics compute and claims are
/// judged by.
#ifndef MASKBOOK_BASE_ESTIMATE_H
#define MASKBOOK_BASE_ESTIMATE_H

#include <stddef.h>

/// An estimate with the ends of its 90 % interval, low <= high.
struct estimate {
    double value;
    double low, high; ///< NAN where there is no interval
    size_t n;         ///< units of replication (images, say); 0 where there are none
};

#endif
