/// CIFAR-10 (Krizhevsky 2009) from its official binary files, in a canonical order: by ascending
/// SHA-256 of the 3,073-byte records. Results then do not depend on the order in which a copy of
/// the archive stores its records, and a split's digest identifies its content.
#ifndef MASKBOOK_DATA_CIFAR10_H
#define MASKBOOK_DATA_CIFAR10_H

#include "core/base/files.h"
#include "core/data/images.h"

/// SHA-256, in hex, of a split's records in canonical order; static storage.
const char *cifar10_digest(enum split split);

/// How many images a split has: 50,000 to train, 10,000 to test.
size_t cifar10_count(enum split split);

/// folder (PATH_SIZE) = where the batches are: in $CIFAR10_DIR when it is set and not empty, else
/// in data/cifar-10-batches-bin, or in the folder cifar-10-batches-bin inside either. Returns 1
/// when data_batch_1.bin is there, otherwise 0 (`folder` then names the first folder tried). When
/// $CIFAR10_DIR holds no batches, data/ is not tried instead.
int cifar10_locate(char folder[PATH_SIZE]);

/// Reads a split (train: data_batch_1..5.bin, test: test_batch.bin) from `folder`, sorts it into
/// canonical order and checks its digest. Dies (EXIT_INPUT), naming the file, when a file is
/// missing or does not hold 10,000 records, when a label is above 9 (naming the record), and when
/// the digest is not cifar10_digest.
void cifar10_load(struct images *images, const char *folder, enum split split);

#endif
