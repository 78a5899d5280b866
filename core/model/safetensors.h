/// Weights on disk: safetensors (github.com/huggingface/safetensors), an 8-byte little-endian
/// header length, a JSON header {name: {dtype, shape, data_offsets}}, then the raw numbers. The
/// header is read with cJSON. A file is accepted only when every byte of it is accounted for.
#ifndef MASKBOOK_MODEL_SAFETENSORS_H
#define MASKBOOK_MODEL_SAFETENSORS_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/hash.h"
#include "core/model/parameters.h"

enum { TENSOR_DIMENSIONS = 8 };
enum tensor_type { TENSOR_F32, TENSOR_BF16 };

/// One tensor of a file that has been read.
struct tensor {
    const char *name;
    enum tensor_type type;
    int dimensions;
    size_t shape[TENSOR_DIMENSIONS];
    size_t count;
    const void *data; ///< into the file's bytes
};

/// A file in memory.
struct safetensors {
    char *path;             ///< owned
    char *bytes;            ///< owned, the whole file
    struct tensor *tensors; ///< (count), owned, in file order
    size_t count;
    void *header;          ///< the parsed JSON, owned
    char digest[HASH_HEX]; ///< SHA-256 of the file
};

/// The metadata under which the maker of a file records what its numbers are, so that a damaged
/// file is not believed: their SHA-256 as little-endian F32, in the order of the file (slab_digest
/// of the slab that was written; of one that is written as BF16, rounded before).
#define SAFETENSORS_DIGEST "weights_sha256"

/// The metadata of numbers that were rounded to be shipped: the digest of those that were trained.
#define SAFETENSORS_TRAINED "trained_sha256"

/// Bytes of a sentence about a file, the final 0 included: "PATH: what is wrong".
enum { SAFETENSORS_FAULT = 4096 };

/// Reads and checks a file. Returns 1, or 0 with `fault` (SAFETENSORS_FAULT) filled and nothing
/// to free, for: a missing or truncated file, a header length of 0, over 16 MB or past the end,
/// JSON that does not parse or has trailing bytes, duplicate names, an unknown dtype, offsets
/// above 2^53, reversed, overlapping, with holes or past the end, a shape whose product is not
/// the data's size, metadata that is not text, a number that is not finite, and numbers that are
/// not those of the metadata SAFETENSORS_DIGEST, where there is one. Dies (EXIT_INPUT) when the
/// disk fails while it reads.
int safetensors_open(struct safetensors *file, const char *path,
                     char fault[SAFETENSORS_FAULT]) __attribute__((warn_unused_result));

/// The same, but dies (EXIT_INPUT) with the fault. `hint` says what to do when the file is missing
/// or has one; NULL for a file that the suite has made: that is made again.
void safetensors_read(struct safetensors *file, const char *path, const char *hint);

/// Frees what safetensors_open or safetensors_read made.
void safetensors_free(struct safetensors *file);

/// The tensor of that name, NULL when the file has no such tensor.
const struct tensor *safetensors_find(const struct safetensors *file, const char *name);

/// The metadata text of that key, NULL when it is missing.
const char *safetensors_metadata(const struct safetensors *file, const char *key);

/// The digest of the numbers that were trained, whether the file holds those or has rounded them
/// (SAFETENSORS_TRAINED, else SAFETENSORS_DIGEST); NULL when neither is recorded.
const char *safetensors_trained(const struct safetensors *file);

/// The tensor of that name. Dies (EXIT_INPUT), naming it, when it is missing or has another shape
/// than the table's `row`.
const struct tensor *tensor_expect(const struct safetensors *file, const char *name,
                                   const struct parameter *row);

/// out (tensor->count) = the tensor's numbers, widened exactly.
void tensor_values(real *out, const struct tensor *tensor);

/// slab (parameters->count) = the file's tensors `prefix`+name for every row of the table.
/// Returns 1, or 0 with `fault` filled and the slab unspecified when a tensor is missing or has
/// another shape, or when the file holds a tensor under `prefix` that is not in the table.
int safetensors_slab(real *slab, const struct parameters *parameters,
                     const struct safetensors *file, const char *prefix,
                     char fault[SAFETENSORS_FAULT]) __attribute__((warn_unused_result));

/// The same, but dies (EXIT_INPUT) with the fault.
void safetensors_weights(real *slab, const struct parameters *parameters,
                         const struct safetensors *file, const char *prefix);

/// One key of metadata to be written.
struct metadata {
    const char *key, *value;
};

/// A slab to be written, under a prefix.
struct slab {
    const char *prefix; ///< "", "param/", "m/", "v/"
    const real *data;   ///< (parameters->count)
};

/// Writes `slabs` (slab_count) slabs of the same table, as `type`, with `metadata`
/// (metadata_count), atomically (core/base/files.h), in the table's order; BF16 is rounded to
/// nearest, ties to even. Contract: every number is finite as `type`, keys and names are
/// distinct. Dies (EXIT_SYSTEM) when the disk does not take it, leaving the old file.
void safetensors_write(const char *path, const struct parameters *parameters,
                       const struct slab *slabs, size_t slab_count,
                       const struct metadata *metadata, size_t metadata_count,
                       enum tensor_type type);

/// slab (count) = each number as BF16 rounds it when it is written. Contract: they stay finite.
void safetensors_round(real *slab, size_t count);

/// Writes what `from` holds to `path` once more, rounded to BF16 (as safetensors_write), with its
/// metadata; the digest becomes that of the rounded numbers, and SAFETENSORS_TRAINED records the
/// old one. Contract: it has one, and its tensors are the table's.
/// slab (parameters->count)  the numbers of `from`, rounded before or not; they become the rounded
///                           ones
void safetensors_write_rounded(const char *path, const struct safetensors *from,
                               const struct parameters *parameters, real *slab);

#endif
