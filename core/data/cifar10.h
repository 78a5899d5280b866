/// CIFAR-10 (Krizhevsky 2009) from its official binary files, in the canonical order: ascending
/// SHA-256 of the 3,073-byte record. A result then does not depend on the order in which a copy
/// of the archive stores its records, and a split's digest names its content.
#ifndef MASKBOOK_DATA_CIFAR10_H
#define MASKBOOK_DATA_CIFAR10_H

#include "core/base/files.h"
#include "core/data/images.h"

/// SHA-256 of a split's records concatenated in canonical order, in hex; static storage.
const char *cifar10_digest(enum split split);

/// folder (PATH_SIZE) = where the batches are: $CIFAR10_DIR when set and not empty, else
/// data/cifar-10-batches-bin; either may also hold a cifar-10-batches-bin folder. Returns 1 when
/// data_batch_1.bin is there, 0 otherwise (folder then names the first place looked in). A
/// $CIFAR10_DIR that holds no batches is not passed over in silence for data/.
int cifar10_locate(char folder[PATH_SIZE]);

/// Reads a split (train: data_batch_1..5.bin, test: test_batch.bin) from `folder`, sorts it into
/// canonical order and checks its digest. Dies (EXIT_INPUT), naming the file, for a missing file,
/// a size other than 10,000 records, a label above 9 (with the record's number), and a digest
/// other than cifar10_digest.
void cifar10_load(struct images *images, const char *folder, enum split split);

#endif
