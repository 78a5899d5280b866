/// The progress line of long work, on stderr: on a terminal one line redrawn in place with
/// share, rate and time left; otherwise a plain line at most every 30 seconds. Never stdout.
#ifndef MASKBOOK_BASE_PROGRESS_H
#define MASKBOOK_BASE_PROGRESS_H

struct progress {
    const char *label, *unit; ///< borrowed, e.g. "pretrain m75-h3", "images"
    double total;             ///< in units; 0 when unknown
    double done;              ///< in units
    double first;          ///< units already done at the start, by an earlier process
    double started, shown; ///< seconds
    int terminal;          ///< stderr is a terminal
};

/// Starts a line for `total` units of work, `first` of them already done.
void progress_open(struct progress *progress, const char *label, const char *unit,
                   double total, double first);

/// Reports that `done` units are done in all; draws when it is time to.
/// `note` is appended (a loss, say) or NULL.
void progress_show(struct progress *progress, double done, const char *note);

/// Ends the line: on a terminal erases it, otherwise prints the final state.
void progress_close(struct progress *progress);

#endif
