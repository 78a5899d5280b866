/// Numbers in text, read strictly: the whole text is one decimal number, or nothing is. The
/// C library's readers also take leading space, "inf", hexadecimal and trailing rubbish.
#ifndef MASKBOOK_BASE_NUMBER_H
#define MASKBOOK_BASE_NUMBER_H

#include <stdint.h>

/// *value = `text` as a finite decimal number ("-1.5e-3"). Returns 1, or 0 with *value
/// unchanged for anything else, too large a number included; too small a one becomes 0 or
/// subnormal.
int number_scan(double *value, const char *text) __attribute__((warn_unused_result));

/// *value = `text` as a decimal integer ("-12"). Returns 1, or 0 with *value unchanged for
/// anything else, one that does not fit 64 bits included.
int integer_scan(int64_t *value, const char *text) __attribute__((warn_unused_result));

/// *value = `text` as a decimal integer without sign. Returns as integer_scan.
int unsigned_scan(uint64_t *value, const char *text)
    __attribute__((warn_unused_result));

#endif
