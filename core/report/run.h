/// One run of one experiment: its options, where its files go, the numbers it found, and whether an
/// earlier run of the same content makes this one unnecessary.
#ifndef MASKBOOK_REPORT_RUN_H
#define MASKBOOK_REPORT_RUN_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/files.h"
#include "core/base/hash.h"
#include "core/report/run_options.h"

/// SHA-256 in hex of the sources and flags that decide a program's numbers; defined by the build,
/// once a program.
extern const char code_key[];

/// The same of the sources that compute encoder features alone: several programs share files of
/// features.
extern const char features_key[];

/// The ids of the claims that a program judges, as far as its code says them, and then NULL;
/// defined by the build, once an experiment.
extern const char *const code_claims[];

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

/// Opens a run of the experiment `name` with the options of its command line (run_options_read).
/// `code` is the build's code_key.
void run_open(struct run *run, const char *name, const char *code, int argc,
              char **argv);

/// Adds one line to the provenance, e.g. ("data digest", hex). A line with `keyed` nonzero becomes
/// part of the content key (weights, data, recipe, core type); others do not (seconds, host).
/// Contract: keyed lines come before run_fresh.
void run_note(struct run *run, const char *what, const char *value, int keyed);

/// Says that all verdicts recorded from now on rest on less training than the recipe asks for: a
/// pass becomes TREND-ONLY at best, a failure INCONCLUSIVE, and the note begins with the formatted
/// text ("pilot weights: 2 of 63 epochs"). Claims with data "none" keep their verdict. Called
/// with several texts, it names each of them once. The provenance names them too.
void run_pilot(struct run *run, const char *why, ...)
    __attribute__((format(printf, 2, 3)));

/// Computes the content key and looks for an earlier result with the same key. The key covers code,
/// tier, data, run, seed, epochs, the columns of the experiment's rows of paper/claims.tsv that
/// decide verdicts, and the keyed notes; it does not cover threads, host or seconds. Returns 1 if
/// provenance.tsv in the run's folder has this key and every file it lists exists with the listed
/// digest; the experiment then ends with `return run_print(&run)`. Returns 0 with --force, and if a
/// file is missing, truncated or edited. It then removes that provenance.tsv and the files it lists
/// in the run's folder, except verdicts.tsv, which run_close replaces: an interrupted run leaves a
/// stale result, never a mixture of old and new files. From here to its end (run_print, run_close)
/// the run holds a lock of its folder; another one waits here for that.
int run_fresh(struct run *run);

/// Prints the tables, as Markdown, and the verdicts of the earlier run that run_fresh found, and
/// frees the state. Returns 0. Contract: run_fresh returned 1.
int run_print(struct run *run);

/// Adds a number to result.tsv. low, high: its 90 % interval, or NAN. An infinite value is written
/// as nan. Contract: `key` is new and shorter than 96 bytes.
void run_result(struct run *run, const char *key, double value, double low, double high,
                size_t n, const char *unit);

/// path (PATH_SIZE) = the path of a file in the run's folder; "export/tokens.npy" makes a folder
/// below it when written. If the file exists at run_close, the provenance lists it with its digest.
void run_path(char path[PATH_SIZE], const struct run *run, const char *file);

/// Lists in the provenance, like those of run_path, a file that is written outside the run's folder
/// but below RESULTS/TIER-DATA (weights, say). Contract: `path` begins with run->root.
void run_output(const struct run *run, const char *path);

/// path (PATH_SIZE) = the weights of the pretraining `weights`:
/// RESULTS/TIER-DATA/weights/RUN.safetensors, otherwise the shipped ones (core/report/shipped.h).
/// Returns 1, or 0 if there are none.
int run_weights(char path[PATH_SIZE], const struct run *run, const char *weights);

/// Writes result.tsv, verdicts.tsv and provenance.tsv (atomically, provenance last), removes the
/// error.txt of an earlier failure, prints published | ours | verdict for each claim and where the
/// files are, and frees the state. Returns 0, the exit code of the program, for any verdicts.
int run_close(struct run *run);

#endif
