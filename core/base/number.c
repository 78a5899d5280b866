#include "core/base/number.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char digits[] = "0123456789";

int number_scan(double *value, const char *text)
{
    char *end;
    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text)) return 0;
    double number = strtod(text, &end);
    if (*end || !isfinite(number)) return 0;
    *value = number;
    return 1;
}

// True when `text` is one or more digits and nothing else.
static int all_digits(const char *text)
{
    return *text && strspn(text, digits) == strlen(text);
}

int integer_scan(int64_t *value, const char *text)
{
    if (!all_digits(text + (*text == '-'))) return 0;
    errno = 0;
    long long number = strtoll(text, NULL, 10);
    if (errno) return 0;
    *value = number;
    return 1;
}

int unsigned_scan(uint64_t *value, const char *text)
{
    if (!all_digits(text)) return 0;
    errno = 0;
    unsigned long long number = strtoull(text, NULL, 10);
    if (errno) return 0;
    *value = number;
    return 1;
}
