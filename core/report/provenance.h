/// Where a result came from: the commit, the recipe, the data, the machine, and the digest of every
/// file it wrote. Lines marked `keyed` decide whether the result is still valid; their digest is the
/// content key. The file ends with a digest of itself, so that a cut or edited one is noticed: it is
/// then treated as absent, and the result is made again.
#ifndef MASKBOOK_REPORT_PROVENANCE_H
#define MASKBOOK_REPORT_PROVENANCE_H

#include <stddef.h>

#include "core/base/hash.h"

struct provenance_line {
    char *what, *value; ///< owned
    int keyed;
};

struct provenance {
    struct provenance_line *lines; ///< (count), owned
    size_t count;
};

/// Adds a line. Contract: `what` is new, and neither text holds a tab or a line's end.
void provenance_add(struct provenance *provenance, const char *what, const char *value,
                    int keyed);

/// Adds "commit" (git rev-parse HEAD, "unknown" without git), "dirty" (yes, no, unknown: tracked files
/// changed since) and "CPU" (model name of /proc/cpuinfo); none of them keyed.
void provenance_machine(struct provenance *provenance);

/// Adds the digest of the file `path`, listed as `name`. Dies (EXIT_INPUT) when it cannot be read.
void provenance_file(struct provenance *provenance, const char *name, const char *path);

/// The value of the line `what`, NULL when there is none; owned by the provenance.
const char *provenance_find(const struct provenance *provenance, const char *what);

/// key (HASH_HEX) = SHA-256 of the keyed lines in order.
void provenance_key(char key[HASH_HEX], const struct provenance *provenance);

/// Writes the table (what, value, keyed) with the content key first and its own digest last.
void provenance_write(const struct provenance *provenance, const char *path);

/// Reads what provenance_write wrote. Returns 1, or 0 and an empty provenance when the file is missing,
/// cut, edited, or does not carry the key of its own lines; never dies for what a file holds.
int provenance_read(struct provenance *provenance, const char *path);

/// 1 when each listed file is there with its digest; names without a slash at their beginning are
/// relative to `folder`.
int provenance_holds(const struct provenance *provenance, const char *folder);

/// The same for the one listed file `name`; 0 when it is not listed.
int provenance_holds_file(const struct provenance *provenance, const char *folder,
                          const char *name);

/// Removes the listed files that are inside `folder`, except `keep` (NULL for none). What leads elsewhere,
/// by its name or by a link on the way, is left alone, whatever the provenance says: it may be edited.
void provenance_remove(const struct provenance *provenance, const char *folder,
                       const char *keep);

/// Frees the lines.
void provenance_free(struct provenance *provenance);

/// commit (HASH_HEX) = the commit checked out here, or "unknown".
void provenance_commit(char commit[HASH_HEX]);

#endif
