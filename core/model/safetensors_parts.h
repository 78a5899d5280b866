/// What reading and writing safetensors share; nobody else includes it.
#ifndef MASKBOOK_MODEL_SAFETENSORS_PARTS_H
#define MASKBOOK_MODEL_SAFETENSORS_PARTS_H

#include <stddef.h>

#include "core/base/hash.h"
#include "core/model/parameters.h"

struct cJSON;
struct safetensors;

enum {
    SAFETENSORS_LENGTH = 8,        ///< bytes of the header's length
    SAFETENSORS_HEADER = 16 << 20, ///< the longest header read or written, in bytes
    TENSOR_NAME = PARAMETER_NAME + 32
};

/// By enum tensor_type: the dtype in the header, bytes a number.
extern const char *const TENSOR_TYPES[2];
extern const size_t TENSOR_BYTES[2];

/// A key that occurs twice in a JSON object (cJSON stores both), NULL when all are distinct.
/// Dies (EXIT_SYSTEM) without memory. Work n log n.
const char *json_duplicate_key(const struct cJSON *object);

/// hex (HASH_HEX) = SHA-256 of all numbers of the file, in the order of the file, as little-endian
/// F32: for a file with the tensors of one table, the slab_digest of what is read from it. Returns
/// whether it is the one that was recorded.
int tensors_recorded(char hex[HASH_HEX], const struct safetensors *file,
                     const char *recorded);

/// out (TENSOR_NAME) = prefix + name. Contract: it fits.
void tensor_name(char out[TENSOR_NAME], const char *prefix, const char *name);

#endif
