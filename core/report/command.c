#include "core/report/command.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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

// Appends " NAME='value'", as a shell reads it.
static void append_quoted(char *text, const char *name, const char *value,
                          size_t length)
{
    append(text, " %s='", name);
    for (size_t i = 0; i < length; ++i)
        append(text, value[i] == '\'' ? "'\\''" : "%c", value[i]);
    append(text, "'");
}

void command_word(char text[COMMAND_TEXT], const char *name, const char *value)
{
    append_quoted(text, name, value, strlen(value));
}

// Where results and data are, when not where they are looked for by default.
static void append_places(char *text, const struct run *run)
{
    // RESULTS: the root without its last part, TIER-DATA.
    const size_t results = strlen(run->root) - strlen(run->options.tier_name) -
                           strlen(run->options.data) - 2;
    const char *cifar10 = getenv("CIFAR10_DIR");
    if (results != strlen("results") || strncmp(run->root, "results", results) != 0)
        append_quoted(text, "RESULTS", run->root, results);
    if (cifar10 && *cifar10 && strcmp(run->options.data, "cifar10") == 0)
        command_word(text, "CIFAR10_DIR", cifar10);
}

void run_command(char text[COMMAND_TEXT], const struct run *run, const char *target)
{
    snprintf(text, COMMAND_TEXT, "make %s", target);
    if (run->options.run_name) append(text, " RUN=%s", run->options.run_name);
    append(text, " TIER=%s DATA=%s", run->options.tier_name, run->options.data);
    if (strcmp(run->options.arithmetic, tier_arithmetic(run->options.tier, NULL)) != 0)
        append(text, " ARITHMETIC=%s", run->options.arithmetic);
    if (run->options.epochs > 0) append(text, " EPOCHS=%.15g", run->options.epochs);
    if (run->options.seed != 1) append(text, " SEED=%" PRIu64, run->options.seed);
    if (run->options.seeds > 0) append(text, " SEEDS=%d", run->options.seeds);
    // With the shipped weights the same target would train nothing.
    if (!run->options.shipped_finetunings)
        append(text, " SHIPPED=%s", run->options.shipped ? "pretrainings" : "0");
    if (run->options.export_arrays) append(text, " EXPORT=1");
    append_places(text, run);
    if (run->options.run_name && run->options.force) append(text, " FORCE=1");
}

void weights_command(char text[COMMAND_TEXT], const struct run *run,
                     const char *weights)
{
    snprintf(text, COMMAND_TEXT, "make pretrain RUN=%s TIER=%s DATA=%s", weights,
             run->options.tier_name, run->options.data);
    append_places(text, run);
}
