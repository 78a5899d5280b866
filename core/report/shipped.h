/// Weights that are shipped with the suite, in results/checkpoints/TIER-DATA (tools/ship.c puts
/// them there): pretrainings RUN.safetensors and finetunings METHOD-RUN-seedN.safetensors, each
/// with its training's log, and SHA256SUMS, the checksums of all of them in the form of sha256sum.
#ifndef MASKBOOK_REPORT_SHIPPED_H
#define MASKBOOK_REPORT_SHIPPED_H

#include "core/report/run.h"

/// folder (PATH_SIZE) = where those of a tier and data are, for any --results.
void shipped_folder(char folder[PATH_SIZE], const char *tier, const char *data);

/// path (PATH_SIZE) = the shipped weights NAME.safetensors of the run's tier and data. Returns 1,
/// or 0 when there are none, or --shipped 0 forbids them. Finetunings may be forbidden apart
/// (options.shipped_finetunings).
int shipped_weights(char path[PATH_SIZE], const struct run *run, const char *name);

/// Whether `path` is one that shipped_weights gives.
int shipped_path(const struct run *run, const char *path);

/// digest (HASH_HEX) = the SHA-256 of the file at `path`, unless it is NULL. Dies (EXIT_INPUT)
/// unless the SHA256SUMS in its folder list the file with that: what is shipped is believed only
/// whole.
void shipped_check(char digest[HASH_HEX], const char *path);

/// Writes SHA256SUMS for all files of `folder` whose names do not begin with a dot, by name. Dies
/// (EXIT_INPUT) when it cannot be read, (EXIT_SYSTEM) when it cannot be written.
void shipped_sums(const char *folder);

#endif
