/// One run of one experiment: its options, where its files go, the numbers it found, and whether an
/// earlier run of the same content makes this one unnecessary.
#ifndef MASKBOOK_REPORT_RUN_H
#define MASKBOOK_REPORT_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/report/run_options.h"

/// SHA-256 in hex of the sources and flags that decide a program's numbers; defined by the build, once
/// a program.
extern const char code_key[];

/// The same of the sources that compute encoder features alone, for files that several programs share.
extern const char features_key[];

/// A number of the result, with its interval where it has one (NAN where not).
struct result {
    char key[96];
    double value, low, high;
    size_t n; ///< sample size, 0 when it has none
    char unit[24];
};

struct run {
    const char *name; ///< "02-rank-curves"
    struct run_options options;
    char root[PATH_SIZE];        ///< RESULTS/TIER-DATA
    char checkpoints[PATH_SIZE]; ///< results/checkpoints/TIER-DATA, for any RESULTS
    char folder[PATH_SIZE]; ///< RESULTS/TIER-DATA/NN-name, with --run /RUN below it
    char key[HASH_HEX];     ///< content key, filled by run_fresh
    double started;
    struct run_state *state; ///< what was collected so far, owned
};

/// Opens a run of the experiment `name` with the options of its command line (run_options_read). `code` is
/// the build's code_key.
void run_open(struct run *run, const char *name, const char *code, int argc,
              char **argv);

/// Adds one line to the provenance, e.g. ("data digest", hex); lines with `keyed` nonzero are part of
/// the content key (weights, data, recipe, core type), others are not (seconds, host). Keyed lines come
/// before run_fresh (contract).
void run_note(struct run *run, const char *what, const char *value, int keyed);

/// From now on verdicts rest on less training than the recipe's, as the formatted text says ("pilot weights:
/// 2 of 63 epochs"): a pass is TREND-ONLY at best, a failure INCONCLUSIVE, and the notes begin with the text.
/// Claims whose data is none are untouched. Of several reasons each is named once; the provenance names them too.
void run_pilot(struct run *run, const char *why, ...)
    __attribute__((format(printf, 2, 3)));

/// Computes the content key from code, tier, data, run, seed, epochs, the experiment's rows
/// of paper/claims.tsv as far as they decide verdicts, and the keyed notes; threads, host and seconds
/// are not part of it. Returns 1 when provenance.tsv in the folder carries the same key and every file
/// it lists is there with the digest it lists, unless --force; then the experiment ends by
/// `return run_print(&run)`. Otherwise removes that provenance.tsv and what it lists in the run's folder
/// (verdicts.tsv excepted, which run_close replaces), so that a run that is cut short leaves a stale
/// result, never a mixed one, and no export of an earlier run stays behind. A missing, cut or edited file only means 0.
int run_fresh(struct run *run);

/// Prints what an earlier run of the same content found, the tables as they were kept and the verdicts exactly as
/// run_close did, and frees the state.
/// Returns 0. Contract: run_fresh returned 1.
int run_print(struct run *run);

/// Adds a number to result.tsv. low, high: a 90 % interval or NAN. An infinite value is written as nan.
/// Contract: `key` is new and shorter than 96 bytes.
void run_result(struct run *run, const char *key, double value, double low, double high,
                size_t n, const char *unit);

/// The path (PATH_SIZE) of a file in the run's folder ("export/tokens.npy" makes a folder below it when
/// written). A file asked for here that exists at run_close is listed in the provenance with its digest.
void run_path(char path[PATH_SIZE], const struct run *run, const char *file);

/// Lists a file written outside the run's folder, below RESULTS/TIER-DATA (weights, say), in the
/// provenance like those of run_path. Contract: `path` begins with run->root.
void run_output(const struct run *run, const char *path);

/// Finds a run's weights: RESULTS/TIER-DATA/weights/RUN.safetensors, then
/// the shipped results/checkpoints/TIER-DATA/RUN.safetensors. Returns 1 and the path, or 0.
int run_weights(char path[PATH_SIZE], const struct run *run, const char *weights);

/// Writes result.tsv, verdicts.tsv, provenance.tsv (atomically, provenance last), removes the error.txt
/// of an earlier failure, prints published | ours | verdict for each claim and where the files are, and
/// frees the state. Returns 0, the program's exit code whatever the verdicts.
int run_close(struct run *run);

#endif
