/// What an experiment says at its end: for each claim what the paper printed, what was found here,
/// what number that is and the verdict; then where the files are.
#ifndef MASKBOOK_REPORT_PRINTOUT_H
#define MASKBOOK_REPORT_PRINTOUT_H

#include <stdio.h>

#include "core/report/run.h"

/// Prints the verdicts and the files that the run's state holds: what this run found, or what
/// run_state_read read of an earlier one.
void printout_write(const struct run *run, FILE *file);

#endif
