/// What an experiment does when the weights it needs are not there: alone it fails with one line that
/// says how to make them; as part of everything it records its claims as NOT-RUN and ends well.
#ifndef MASKBOOK_REPORT_NEED_H
#define MASKBOOK_REPORT_NEED_H

#include "core/report/run.h"

/// path (PATH_SIZE) = the weights of the pretraining `weights` (run_weights), which is also printed; returns 1.
/// When there are none: dies (EXIT_INPUT) naming `make pretrain RUN=...`; but with a non-empty
/// MASKBOOK_KEEP_GOING in the environment (make reproduce-all sets it) notes the reason, keyed, and returns 0:
/// the experiment then does what needs no weights, if the result is not up to date (run_fresh), and ends by
/// `return run_close_without(&run)`. Contract: it is not asked again after a 0.
int run_need_weights(char path[PATH_SIZE], struct run *run, const char *weights);

/// Records NOT-RUN, with the reason that run_need_weights noted, for each claim that has no verdict yet, and
/// closes the run. Returns 0 (run_close).
int run_close_without(struct run *run);

#endif
