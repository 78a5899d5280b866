/// What an experiment does when the weights it needs are not there: alone it fails with one line that
/// says how to make them; as part of everything it records its claims as NOT-RUN and ends well.
#ifndef MASKBOOK_REPORT_NEED_H
#define MASKBOOK_REPORT_NEED_H

#include "core/report/run.h"

/// path (PATH_SIZE) = the weights of the pretraining `weights` (run_weights), which is also printed.
/// When there are none: dies (EXIT_INPUT) naming `make pretrain RUN=...`; but with a non-empty
/// MASKBOOK_KEEP_GOING in the environment (make reproduce-all sets it) records NOT-RUN with that
/// reason for every claim of the experiment that has no verdict yet, closes the run and exits 0.
void run_need_weights(char path[PATH_SIZE], struct run *run, const char *weights);

#endif
