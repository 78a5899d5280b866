/// What reading and writing safetensors share; nobody else includes it.
#ifndef MASKBOOK_MODEL_SAFETENSORS_PARTS_H
#define MASKBOOK_MODEL_SAFETENSORS_PARTS_H

#include <stddef.h>

#include "core/model/parameters.h"

struct cJSON;

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

/// out (TENSOR_NAME) = prefix + name. Contract: it fits.
void tensor_name(char out[TENSOR_NAME], const char *prefix, const char *name);

#endif
