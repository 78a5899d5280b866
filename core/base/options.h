/// Command-line options, `--name value` or `--name=value`, from one table a program. A
/// program's flags carry the same names as make's variables (--tier, --data, --run, ...).
/// Numbers are read strictly: trailing text, overflow and values outside the stated range
/// are usage errors, never clamped.
#ifndef MASKBOOK_BASE_OPTIONS_H
#define MASKBOOK_BASE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/// One option. `value` is filled by options_read: the text given, or the default.
struct option {
    const char *name;  ///< without the dashes
    const char *value; ///< the default on entry (NULL: none), borrowed
    const char *help;  ///< one line for --help
};

/// Reads argv into `options` (count of them). `--help` prints `usage` and the table and exits
/// 0. An empty value counts as not given. Dies (EXIT_USAGE) for an unknown option (listing
/// the known ones), a repeated one, a missing value, or a stray argument.
void options_read(struct option *options, size_t count, int argc, char **argv,
                  const char *usage);

/// The value of the option `name`, NULL when neither given nor defaulted. Contract: the name
/// is in the table.
const char *option_text(const struct option *options, size_t count, const char *name);

/// `text` as an integer in [low, high]. Dies (EXIT_USAGE) naming `what` otherwise.
long parse_integer(const char *what, const char *text, long low, long high);

/// `text` as an unsigned 64-bit seed. Dies (EXIT_USAGE) naming `what` otherwise.
uint64_t parse_seed(const char *what, const char *text);

/// `text` as a finite number in [low, high]. Dies (EXIT_USAGE) naming `what` otherwise.
double parse_number(const char *what, const char *text, double low, double high);

/// Index of `text` in `choices` (count). Dies (EXIT_USAGE) naming `what` and listing them.
size_t parse_choice(const char *what, const char *text, const char *const *choices,
                    size_t count);

/// Number of threads: `text`, or when NULL the CPUs allowed to this process
/// (sched_getaffinity). Dies (EXIT_USAGE) unless 1..256.
int parse_threads(const char *text);

#endif
