/// One process at a time: a lock that ends with the process that holds it.
#ifndef MASKBOOK_BASE_LOCK_H
#define MASKBOOK_BASE_LOCK_H

/// Acquires the lock of the file `path`, which is made if nothing is there; waits while another
/// process holds it, with the line "FOLDER: WHAT is running, waiting for it to end" on stderr.
/// Returns a descriptor; closing it releases the lock, and so does the end of the process. Dies
/// (EXIT_SYSTEM) when it cannot lock.
int lock_take(const char *path, const char *folder, const char *what);

/// The same with the file .lock of the folder, which is there.
int lock_take_folder(const char *folder, const char *what);

/// The same where the folder can be written; elsewhere, where it holds what is only read, returns
/// -1 without a lock.
int lock_take_writable(const char *folder, const char *what);

#endif
