/// One training at a time: two would only share the cores, and two of the same run would write the same
/// files.
#ifndef MASKBOOK_TRAIN_TURN_H
#define MASKBOOK_TRAIN_TURN_H

/// Waits, saying so on stderr, until no other training holds the turn of the folder that `folder` (made
/// when missing) lies in. Returns a descriptor that holds the turn until it is closed; the system
/// closes it when the process ends, however it ends. Dies (EXIT_SYSTEM) when it cannot lock.
int turn_take(const char *folder);

#endif
