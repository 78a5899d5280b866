/// Strict parsing of numbers: the whole text must be one decimal number. (strtod also accepts
/// leading space, "inf", hexadecimal and trailing text.)
#ifndef MASKBOOK_BASE_NUMBER_H
#define MASKBOOK_BASE_NUMBER_H

#include <stdint.h>

/// *value = `text` as a finite decimal number ("-1.5e-3"). Returns 1, or 0 with *value unchanged
/// for anything else, numbers too large for a double among them; numbers too small become 0 or
/// subnormal.
int number_scan(double *value, const char *text) __attribute__((warn_unused_result));

/// *value = `text` as a decimal integer ("-12"). Returns 1, or 0 with *value unchanged for anything
/// else, integers of more than 64 bits among them.
int integer_scan(int64_t *value, const char *text) __attribute__((warn_unused_result));

/// *value = `text` as a decimal integer without a sign. Returns as integer_scan does.
int unsigned_scan(uint64_t *value, const char *text)
    __attribute__((warn_unused_result));

#endif
