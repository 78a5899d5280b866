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
    const size_t results = strlen(run->root) - strlen(run->options.tier_name) -
                           strlen(run->options.data) - 2;
    snprintf(text, COMMAND_TEXT, "make %s", target);
    if (run->options.run_name) append(text, " RUN=%s", run->options.run_name);
    append(text, " TIER=%s DATA=%s", run->options.tier_name, run->options.data);
    if (strcmp(run->options.arithmetic, "auto") != 0)
        append(text, " ARITHMETIC=%s", run->options.arithmetic);
    if (run->options.epochs > 0) append(text, " EPOCHS=%.15g", run->options.epochs);
    if (run->options.seed != 1) append(text, " SEED=%" PRIu64, run->options.seed);
    if (run->options.seeds > 0) append(text, " SEEDS=%d", run->options.seeds);
    if (results != strlen("results") || strncmp(run->root, "results", results) != 0)
        append(text, " RESULTS='%.*s'", (int)results, run->root);
    if (run->options.run_name && run->options.force) append(text, " FORCE=1");
}
