/// Faults of the system, by interposition at link time (-Wl,--wrap; mk/fuzz.mk has the list): the
/// n-th call that takes memory, or that writes, fails; no disk is waited for; the clock counts its
/// calls. A child process runs under a fault and counts in shared memory, which its parent reads.
#ifndef MASKBOOK_TESTS_FAULTS_INJECT_H
#define MASKBOOK_TESTS_FAULTS_INJECT_H

#include <stddef.h>

#include "core/base/files.h"
#include "core/base/hash.h"

enum fault {
    FAULT_MEMORY, ///< malloc and what takes memory by itself, mappings, threads
    FAULT_WRITE   ///< opening to write, what a stream writes, fsync, rename, mkdir
};
enum { FAULTS = 2, VERSIONS = 256 };

/// A file as it was renamed into place.
struct version {
    char path[PATH_SIZE], digest[HASH_HEX];
};

struct injection {
    _Atomic size_t calls[FAULTS]; ///< since inject_begin
    _Atomic int failed;           ///< whether a call has failed
    _Atomic size_t flushes;       ///< calls of fsync
    _Atomic int unflushed;        ///< whether the call that failed was one of them
    size_t version_count;
    struct version version[VERSIONS]; ///< in the order of the renames
};
extern struct injection *injection;

/// Makes the shared memory; once, before any other.
void inject_open(void);

/// Begins to count. Call number `at` of this kind will fail, none with 0; only in this process.
void inject_begin(enum fault kind, size_t at);

/// digest (HASH_HEX) = of the file's content but for what is measured: a log's images a second.
void version_digest(char digest[HASH_HEX], const char *path);

#endif
