/// The command that goes on with an interrupted run.
#ifndef MASKBOOK_STUDY_COMMAND_H
#define MASKBOOK_STUDY_COMMAND_H

#include "core/report/run.h"

enum { COMMAND_TEXT = 2 * PATH_SIZE };

/// text (COMMAND_TEXT) = what `make` is asked for to run `target` again with the run's own options,
/// "make pretrain RUN=m75-h3 TIER=desk DATA=cifar10 EPOCHS=2", say; options at their defaults are
/// left out. FORCE=1 is said only of a program of one training: one of several would do those again
/// that have ended.
void run_command(char text[COMMAND_TEXT], const struct run *run, const char *target);

#endif
