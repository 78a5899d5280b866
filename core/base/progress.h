/// Progress of long work on stderr: on a terminal one line, redrawn in place, with share, rate and
/// time left; otherwise a plain line at most every 30 seconds.
#ifndef MASKBOOK_BASE_PROGRESS_H
#define MASKBOOK_BASE_PROGRESS_H

struct progress {
    const char *label, *unit; ///< borrowed, e.g. "pretrain m75-h3", "images"
    double total;             ///< units; 0 when unknown
    double done;              ///< units
    double first;             ///< units done before the start, by an earlier process
    double started, shown;    ///< seconds
    int terminal;             ///< stderr is a terminal
};

/// Starts a line for `total` units of work, `first` of them already done.
void progress_open(struct progress *progress, const char *label, const char *unit,
                   double total, double first);

/// Reports that `done` units are done in all, and draws the line when it is due. `note` (a loss,
/// say, or NULL) is appended.
void progress_show(struct progress *progress, double done, const char *note);

/// Ends the line: erases it on a terminal, otherwise prints the final state.
void progress_close(struct progress *progress);

#endif
