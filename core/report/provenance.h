/// Where a result came from: the commit, the recipe, the data, the machine, and the digest of every
/// file it wrote. The lines marked `keyed` decide whether the result is still valid; their digest
/// is the content key. The file ends with a digest of itself; a file that was cut or edited counts
/// as missing, and the result is computed again.
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

/// Adds a line. Contract: `what` is new, and neither text contains a tab or a newline.
void provenance_add(struct provenance *provenance, const char *what, const char *value,
                    int keyed);

/// Replaces the value of the line `what`, or adds it, not keyed. Contract: as provenance_add; a
/// keyed line keeps its value.
void provenance_set(struct provenance *provenance, const char *what, const char *value);

/// Adds "commit" (git rev-parse HEAD, or "unknown"), "dirty" (whether tracked files have changed
/// since: yes, no or unknown) and "CPU" (core/base/cpu.h), none of them keyed.
void provenance_machine(struct provenance *provenance);

/// Adds the digest of the file `path`, listed as `name`. Dies (EXIT_INPUT) when it cannot be read.
void provenance_file(struct provenance *provenance, const char *name, const char *path);

/// The value of the line `what`, owned by the provenance; NULL if there is no such line.
const char *provenance_find(const struct provenance *provenance, const char *what);

/// key (HASH_HEX) = SHA-256 of the keyed lines in order.
void provenance_key(char key[HASH_HEX], const struct provenance *provenance);

/// Writes the table (what, value, keyed) with the content key first and its own digest last.
void provenance_write(const struct provenance *provenance, const char *path);

/// Reads what provenance_write wrote. Returns 1; or 0 and an empty provenance if the file is
/// missing, truncated, edited, or does not have the key of its own lines. Never dies because of
/// what a file contains.
int provenance_read(struct provenance *provenance, const char *path);

/// Returns 1 if each listed file exists with its digest. Names that do not begin with a slash are
/// relative to `folder`.
int provenance_holds(const struct provenance *provenance, const char *folder);

/// The same for the one listed file `name`; 0 when it is not listed.
int provenance_holds_file(const struct provenance *provenance, const char *folder,
                          const char *name);

/// Removes the listed files inside `folder`, except `keep` (NULL: no exception). A name that leads
/// elsewhere, by itself or through a link, is ignored: the provenance may have been edited.
void provenance_remove(const struct provenance *provenance, const char *folder,
                       const char *keep);

/// Frees the lines.
void provenance_free(struct provenance *provenance);

/// commit (HASH_HEX) = the commit checked out here, or "unknown".
void provenance_commit(char commit[HASH_HEX]);

#endif
