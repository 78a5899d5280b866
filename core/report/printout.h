/// What an experiment says at its end: for each claim what the paper printed, what was found here, and
/// the verdict; then where the files are. It is printed from the stored files, so that a run and the
/// repeat that found it up to date say the same.
#ifndef MASKBOOK_REPORT_PRINTOUT_H
#define MASKBOOK_REPORT_PRINTOUT_H

#include <stdio.h>

#include "core/report/run.h"

/// Prints the verdicts in verdicts.tsv and the files in provenance.tsv of the run's folder.
void printout_write(const struct run *run, FILE *file);

#endif
