/// The ledger as people read it, in a terminal or as Markdown.
#ifndef MASKBOOK_REPORT_DISPLAY_H
#define MASKBOOK_REPORT_DISPLAY_H

#include <stdio.h>

#include "core/report/ledger.h"

/// Prints the ledger for people, grouped by the part of the paper (its make target), with a count
/// of each verdict at the end, of subtractions apart; `colours` nonzero colours the verdicts.
void ledger_print(const struct ledger *ledger, FILE *file, int colours);

/// Prints claim | place | statement | printed | ours | of what | verdict as Markdown, and the
/// counts.
void ledger_markdown(const struct ledger *ledger, FILE *file);

#endif
