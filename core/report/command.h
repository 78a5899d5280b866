/// Commands that messages tell a user to type: whole, so that they do what is meant when copied.
#ifndef MASKBOOK_REPORT_COMMAND_H
#define MASKBOOK_REPORT_COMMAND_H

#include "core/report/run.h"

enum { COMMAND_TEXT = 4 * PATH_SIZE };

/// text (COMMAND_TEXT) = what `make` is asked for to run `target` again with the run's own
/// options, "make pretrain RUN=m75-h3 TIER=desk DATA=cifar10 EPOCHS=2", say; options at their
/// defaults are left out, and THREADS, which changes no result. FORCE=1 is said only of a program
/// of one training: one of several would do those again that have ended.
void run_command(char text[COMMAND_TEXT], const struct run *run, const char *target);

/// Appends " NAME='value'" to text (COMMAND_TEXT), as a shell reads it, with any characters in it;
/// a text that is too long is cut.
void command_word(char text[COMMAND_TEXT], const char *name, const char *value);

/// text (COMMAND_TEXT) = what makes the pretraining `weights` ("m50-h3") of the run's tier and
/// data, where the run looks for it.
void weights_command(char text[COMMAND_TEXT], const struct run *run,
                     const char *weights);

#endif
