/// One training at a time: two would only share the cores, and two of the same run would write
/// the same files.
#ifndef MASKBOOK_TRAIN_TRAINING_LOCK_H
#define MASKBOOK_TRAIN_TRAINING_LOCK_H

/// Acquires the training lock of `folder`'s parent (making `folder` if needed); waits, with a
/// line on stderr, while another process holds it. Returns a descriptor; closing it releases the
/// lock, and so does the end of the process. Dies (EXIT_SYSTEM) when it cannot lock.
int training_lock(const char *folder);

#endif
