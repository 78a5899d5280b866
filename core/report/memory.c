#include "core/report/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"

static void *taken(void *memory)
{
    if (!memory) die(EXIT_SYSTEM, "memory: none left (close other programs)");
    return memory;
}

void *array_grow(void *array, size_t count, size_t size)
{
    return taken(reallocarray(array, count + 1, size));
}

char *text_copy(const char *text)
{
    return taken(strdup(text));
}

void text_replace(char **field, const char *text)
{
    free(*field);
    *field = text_copy(text);
}

char *text_joined(const char *first, const char *second)
{
    return text_format("%s%s%s", first, *first && *second ? "; " : "", second);
}

char *text_format(const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    return taken(length < 0 ? NULL : text);
}
