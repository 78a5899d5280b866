/// Command-line options, `--name value` or `--name=value`, from one table per program; options have
/// the names of make's variables (--tier, --data, --run, ...). Numbers are parsed strictly:
/// trailing text, overflow and values out of range are usage errors and are never clamped.
#ifndef MASKBOOK_BASE_OPTIONS_H
#define MASKBOOK_BASE_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

/// One option.
struct option {
    const char *name; ///< without the dashes
    /// The default (NULL: none); after options_read the text given. Borrowed.
    const char *value;
    const char *help; ///< one line for --help
};

/// Reads argv into options (count). `--help` prints `usage` and the table and exits with 0. An
/// empty value counts as not given. Dies (EXIT_USAGE) for an unknown option (listing the known
/// ones), a repeated option, a missing value and an argument that is not an option.
void options_read(struct option *options, size_t count, int argc, char **argv,
                  const char *usage);

/// The value of option `name`; NULL when it was not given and has no default. Requires the name to
/// be in the table.
const char *option_text(const struct option *options, size_t count, const char *name);

/// `text` as an integer in [low, high]. Otherwise dies (EXIT_USAGE), naming `what`.
long parse_integer(const char *what, const char *text, long low, long high);

/// `text` as an unsigned 64-bit seed. Otherwise dies (EXIT_USAGE), naming `what`.
uint64_t parse_seed(const char *what, const char *text);

/// `text` as a finite number in [low, high]. Otherwise dies (EXIT_USAGE), naming `what`.
double parse_number(const char *what, const char *text, double low, double high);

/// The index of `text` in choices (count). When it is not there, dies (EXIT_USAGE), naming `what`
/// and listing the choices.
size_t parse_choice(const char *what, const char *text, const char *const *choices,
                    size_t count);

/// The words of --arithmetic in every program: "auto", then the arithmetics in the order of enum
/// arithmetic (core/linalg/arithmetic.h).
enum { ARITHMETIC_COUNT = 4 };
extern const char *const arithmetic_words[ARITHMETIC_COUNT];

/// The number of threads: `text`, which must be 1..256 (dies with EXIT_USAGE otherwise); when
/// `text` is NULL, the number of CPUs this process may use (sched_getaffinity), at most 256.
int parse_threads(const char *text);

#endif
