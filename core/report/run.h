/// One run of one experiment: its options, where its files go, the numbers it found, and whether an
/// earlier run of the same content makes this one unnecessary.
#ifndef MASKBOOK_REPORT_RUN_H
#define MASKBOOK_REPORT_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/files.h"
#include "core/base/hash.h"

enum tier { TIER_SMOKE, TIER_DESK, TIER_PAPER };

/// A number of the result, with its interval where it has one (NAN where not).
struct result {
    char key[96];
    double value, low, high;
    size_t n; ///< sample size, 0 when it has none
    char unit[24];
};

struct run {
    const char *name;  ///< "02-rank-curves"
    enum tier tier;
    const char *tier_name, *data; ///< "desk", "cifar10"
    const char *run_name;         ///< --run, or NULL
    uint64_t seed;
    int threads;
    double epochs;                ///< --epochs: overrides the recipe's, 0 when not given
    const char *arithmetic;       ///< "fp32"
    int export_arrays, force;     ///< --export 1, --force 1
    char root[PATH_SIZE];         ///< results/TIER-DATA
    char folder[PATH_SIZE];       ///< results/TIER-DATA/NN-name
    char key[HASH_HEX];           ///< content key, filled by run_fresh
    double started;
    struct run_store *store;      ///< results, verdicts and provenance collected so far, owned
};

/// Reads the common options (--tier --data --run --seed --threads --arithmetic --epochs --export
/// --force --results) and checks the pair TIER-DATA against the allowed ones. Dies (EXIT_USAGE) for
/// anything else. `code_key` is the SHA-256 of the sources, embedded by the build.
void run_open(struct run *run, const char *name, const char *code_key, int argc, char **argv);

/// Adds one line to the provenance, e.g. ("data digest", hex); lines with `keyed` nonzero are part of
/// the content key (weights, data, recipe), others are not (seconds, host).
void run_note(struct run *run, const char *what, const char *value, int keyed);

/// Computes the content key from code, tier, data, seed, arithmetic, core type and the keyed notes.
/// Returns 1 when provenance.tsv in the folder carries the same key and every file it lists is there with the
/// digest it lists (then the experiment prints its old results and ends), unless --force.
int run_fresh(struct run *run);

/// Adds a number to result.tsv. low, high: a 90 % interval or NAN.
void run_result(struct run *run, const char *key, double value, double low, double high,
                size_t n, const char *unit);

/// The path (PATH_SIZE) of a file in the run's folder.
void run_path(char path[PATH_SIZE], const struct run *run, const char *file);

/// Finds a run's weights: results/TIER-DATA/weights/RUN.safetensors, then
/// results/checkpoints/TIER-DATA/RUN.safetensors. Returns 1 and the path, or 0.
int run_weights(char path[PATH_SIZE], const struct run *run, const char *weights);

/// Writes result.tsv, verdicts.tsv, provenance.tsv (atomically, provenance last) and frees the store.
/// Returns 0, the program's exit code whatever the verdicts.
int run_close(struct run *run);

#endif
