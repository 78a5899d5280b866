/// What is done while the system fails: the smallest training with checkpoints, experiment and
/// ledger that there are, in the working folder.
#ifndef MASKBOOK_TESTS_FAULTS_SCENARIO_H
#define MASKBOOK_TESTS_FAULTS_SCENARIO_H

struct scenario {
    const char *name;
    /// Leaves the files that must survive a failure of `act`; in a new process.
    void (*prepare)(void);
    /// Replaces them by others, or dies.
    void (*act)(void);
    /// A file that must never be missing: it is as it was, or as `act` leaves it.
    const char *keeps;
};

enum { SCENARIOS = 3 };
extern const struct scenario scenarios[SCENARIOS];

#endif
