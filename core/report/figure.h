/// Figures: gnuplot draws them from a table, once as SVG and once as PNG, by a script in figures/
/// that loads the shared style. The plotted numbers are stored next to the picture.
#ifndef MASKBOOK_REPORT_FIGURE_H
#define MASKBOOK_REPORT_FIGURE_H

#include "core/report/run.h"

/// Dies (EXIT_SYSTEM) unless gnuplot is here and draws PNGs with letters in them: what a program
/// that draws should know before it computes. Draws two letters in memory.
void figure_ready(void);

/// Draws figures/`script`.gp on FOLDER/`name`.tsv to FOLDER/`name`.svg and .png (temporary names,
/// then renamed), and writes the caption to FOLDER/`name`.txt. The script sees the string variables
/// `table`, `output`, `caption` and, when `panels` is not NULL, `panels` (a PNG of pixels by
/// core/report/panel.h). Dies (EXIT_SYSTEM) when gnuplot is missing or fails, with its first line
/// of complaint.
void figure_draw(const struct run *run, const char *script, const char *name,
                 const char *caption, const char *panels);

/// Draws those figures of an earlier, fresh run again whose scripts have changed since, from their
/// stored tables, and renews their digests in the provenance; nothing is computed. Dies as
/// figure_draw; the run is fresh afterwards, too, and has the figures drawn so far.
void figures_refresh(const struct run *run);

#endif
