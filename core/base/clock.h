/// Wall time and peak memory, for logs and reports: no result depends on them.
#ifndef MASKBOOK_BASE_CLOCK_H
#define MASKBOOK_BASE_CLOCK_H

/// Seconds since an arbitrary start, monotonic.
double clock_seconds(void);

/// Peak resident memory of this process so far, in bytes.
double clock_peak_bytes(void);

#endif
