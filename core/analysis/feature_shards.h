/// The features of a folder's images (core/analysis/encoder_features.h) in shards on disk, each
/// whole or absent. A pass that is killed and begun again goes on after the last whole shard and
/// ends with the same bytes; a damaged shard is made again.
///
/// A shard is three files: SPLIT-NNNNN-block.features and -summary.features, as
/// core/analysis/features.h, and SPLIT-NNNNN.files, written last: the key, SHA-256 of the rest,
/// then a line a file: its name, its SHA-256, libjpeg's warnings, and why it could not be decoded
/// or "-". The key covers weights, names and sizes of the shard's files, and the salt. All shards
/// hold SHARD images but a split's last one, for any number of images a class: more of them add
/// shards.
#ifndef MASKBOOK_ANALYSIS_FEATURE_SHARDS_H
#define MASKBOOK_ANALYSIS_FEATURE_SHARDS_H

#include <stdint.h>
#include <stdio.h>

#include "core/analysis/encoder_features.h"
#include "core/data/imagefolder.h"

enum { SHARD_IMAGES = 1024 };

/// What is encoded, and where the shards are. All borrowed.
struct shard_source {
    const struct imagefolder *folder;
    enum split split;
    const struct mae *mae;
    const real *weights; ///< (mae->parameters.count)
    const float *values; ///< of images, as in struct images
    const char *path;    ///< the folder of the files
    const char *salt;    ///< everything else that the bits depend on
    size_t shard;        ///< images a shard: SHARD_IMAGES, or a multiple of 32 in tests
    int with_block;
    int threads;
};

/// The first `images` images of a split.
struct feature_shards {
    struct encoder_features features; ///< mapped, all shards one after another
    uint8_t *bad;     ///< (images) 1: could not be decoded; features of zeros, owned
    uint16_t *labels; ///< (images), owned
    size_t bad_count, warnings; ///< files, and files that libjpeg warned about
    char digest[HASH_HEX];      ///< of the names and contents of the files
};

/// Opens the shards that hold the first `images` images, and makes those that are missing, saying
/// on stderr how far it is; waits while another process opens shards of the same folder. Returns 0,
/// or 1 when a number is not finite. Memory: the images and features of one shard. Reading again
/// costs one SHA-256 of all shards. Dies (EXIT_SYSTEM) when a file cannot be written, the
/// folder locked, or memory or threads are refused.
int feature_shards_open(struct feature_shards *shards, size_t images,
                        const struct shard_source *source)
    __attribute__((warn_unused_result));

/// Appends the files that could not be decoded to a table of split, file and reason.
void feature_shards_list_bad(FILE *file, const struct shard_source *source,
                             size_t images);

/// Unmaps and frees.
void feature_shards_close(struct feature_shards *shards);

/// Bytes on disk of the shards of so many images.
double feature_shards_bytes(const struct mae *mae, size_t images, int with_block);

#endif
