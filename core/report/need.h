/// What an experiment does when weights that it needs do not exist: run alone, it fails with one
/// line that says how to make them; run as one of all experiments, it records its claims as NOT-RUN
/// and ends well.
#ifndef MASKBOOK_REPORT_NEED_H
#define MASKBOOK_REPORT_NEED_H

#include "core/report/run.h"

/// path (PATH_SIZE) = the weights of the pretraining `weights` (run_weights); prints the path and
/// returns 1. If there are none, it dies (EXIT_INPUT) naming `make pretrain RUN=...`; but with a
/// non-empty MASKBOOK_KEEP_GOING in the environment (set by make reproduce-all) it adds the reason
/// to the provenance, keyed, and returns 0. After a 0 the experiment does what needs no weights,
/// unless the result is fresh (run_fresh), and ends with `return run_close_without(&run)`.
/// Contract: not called again after a 0.
int run_need_weights(char path[PATH_SIZE], struct run *run, const char *weights);

/// Whether the run is one of all experiments, which end well without what is missing.
int run_goes_on(void);

/// Adds to the provenance, keyed, that what `make TARGET` makes ("finetune-all") with the run's
/// tier and data is missing. It names no folder: results are the same on every machine.
void run_lacks(struct run *run, const char *target);

/// Dies (EXIT_INPUT): there are no weights of the pretraining `weights`, and this makes them.
_Noreturn void run_die_without(const struct run *run, const char *weights);

/// Records NOT-RUN, with the reason that run_need_weights noted, for each claim without a verdict,
/// and closes the run. Returns 0 (run_close).
int run_close_without(struct run *run);

#endif
