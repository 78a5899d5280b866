#include "core/base/text.h"

#include <string.h>

int text_begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}
