#include "core/base/options.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/number.h"

enum { LIST_SIZE = 2048, THREADS_MOST = 256 };

// Appends a space, prefix and name to `list`; a list that is too long is cut, being for a message.
static void append(char list[LIST_SIZE], const char *prefix, const char *name)
{
    size_t used = strlen(list);
    snprintf(list + used, LIST_SIZE - used, " %s%s", prefix, name);
}

static _Noreturn void print_help(const struct option *options, size_t count,
                                 const char *usage)
{
    printf("%s\n\n", usage);
    for (size_t i = 0; i < count; ++i) {
        printf("  --%-12s %s", options[i].name, options[i].help);
        if (options[i].value) printf(" [%s]", options[i].value);
        putchar('\n');
    }
    printf("  --%-12s %s\n", "help", "print this");
    exit(EXIT_SUCCESS);
}

// The index of the option whose name is the first `length` bytes of `name`.
static size_t find(const struct option *options, size_t count, const char *name,
                   size_t length)
{
    char known[LIST_SIZE] = "";
    for (size_t i = 0; i < count; ++i) {
        if (strlen(options[i].name) == length && !memcmp(options[i].name, name, length))
            return i;
        append(known, "--", options[i].name);
    }
    die(EXIT_USAGE, "--%.*s: unknown option (known:%s --help)", (int)length, name,
        known);
}

void options_read(struct option *options, size_t count, int argc, char **argv,
                  const char *usage)
{
    uint64_t given = 0;
    require(count <= 64, "%zu options are more than 64", count);
    // Help shows the defaults, so it comes before values replace them.
    for (int i = 1; i < argc; ++i)
        if (!strcmp(argv[i], "--help")) print_help(options, count, usage);

    for (int i = 1; i < argc; ++i) {
        if (strncmp(argv[i], "--", 2) || !argv[i][2])
            die(EXIT_USAGE, "%s: stray argument (options are --name value)", argv[i]);
        const char *name = argv[i] + 2, *value = strchr(name, '=');
        size_t length = value ? (size_t)(value - name) : strlen(name);
        size_t found = find(options, count, name, length);
        if (given & UINT64_C(1) << found)
            die(EXIT_USAGE, "--%s: given twice (give it once)", options[found].name);
        given |= UINT64_C(1) << found;

        if (!value && (i + 1 == argc || !strncmp(argv[i + 1], "--", 2)))
            die(EXIT_USAGE, "--%s: has no value (give --%s VALUE)", options[found].name,
                options[found].name);
        value = value ? value + 1 : argv[++i];
        if (*value) options[found].value = value;
    }
}

const char *option_text(const struct option *options, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && strcmp(options[i].name, name)) ++i;
    require(i < count, "there is no option --%s", name);
    return options[i].value;
}

long parse_integer(const char *what, const char *text, long low, long high)
{
    int64_t value;
    if (!integer_scan(&value, text) || value < low || value > high)
        die(EXIT_USAGE, "%s: '%s' is refused (give an integer from %ld to %ld)", what,
            text, low, high);
    return (long)value;
}

uint64_t parse_seed(const char *what, const char *text)
{
    uint64_t value;
    if (!unsigned_scan(&value, text))
        die(EXIT_USAGE, "%s: '%s' is refused (give an integer from 0 to %llu)", what,
            text, (unsigned long long)UINT64_MAX);
    return value;
}

double parse_number(const char *what, const char *text, double low, double high)
{
    double value;
    if (!number_scan(&value, text) || !(value >= low && value <= high))
        die(EXIT_USAGE, "%s: '%s' is refused (give a number from %g to %g)", what, text,
            low, high);
    return value;
}

size_t parse_choice(const char *what, const char *text, const char *const *choices,
                    size_t count)
{
    char list[LIST_SIZE] = "";
    for (size_t i = 0; i < count; ++i) {
        if (!strcmp(text, choices[i])) return i;
        append(list, "", choices[i]);
    }
    die(EXIT_USAGE, "%s: '%s' is refused (give one of:%s)", what, text, list);
}

const char *const arithmetic_words[ARITHMETIC_COUNT] = {"auto", "fp32", "bf16",
                                                        "bf16-dot"};

int parse_threads(const char *text)
{
    if (text) return (int)parse_integer("--threads", text, 1, THREADS_MOST);
    cpu_set_t allowed;
    // This fails only on machines with more CPUs than a cpu_set_t holds.
    if (sched_getaffinity(0, sizeof allowed, &allowed)) return THREADS_MOST;
    int cpus = CPU_COUNT(&allowed);
    return cpus < THREADS_MOST ? cpus : THREADS_MOST;
}
