#include "core/study/command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

// Appends to a text of COMMAND_TEXT bytes.
static void append(char *text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void append(char *text, const char *format, ...)
{
    const size_t used = strlen(text);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text + used, COMMAND_TEXT - used, format, arguments);
    va_end(arguments);
}

void run_command(char text[COMMAND_TEXT], const struct run *run, const char *target)
{
    // RESULTS: the root without its last part, TIER-DATA.
    const size_t results =
        strlen(run->root) - strlen(run->tier_name) - strlen(run->data) - 2;
    snprintf(text, COMMAND_TEXT, "make %s", target);
    if (run->run_name) append(text, " RUN=%s", run->run_name);
    append(text, " TIER=%s DATA=%s", run->tier_name, run->data);
    if (strcmp(run->arithmetic, "auto") != 0)
        append(text, " ARITHMETIC=%s", run->arithmetic);
    if (run->epochs > 0) append(text, " EPOCHS=%.15g", run->epochs);
    if (run->seed != 1) append(text, " SEED=%" PRIu64, run->seed);
    if (run->seeds > 0) append(text, " SEEDS=%d", run->seeds);
    if (results != strlen("results") || strncmp(run->root, "results", results) != 0)
        append(text, " RESULTS='%.*s'", (int)results, run->root);
    if (run->run_name && run->force) append(text, " FORCE=1");
}
