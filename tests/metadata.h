/// Metadata of a safetensors file that is open, changed as if its file had others.
#ifndef MASKBOOK_TESTS_METADATA_H
#define MASKBOOK_TESTS_METADATA_H

#include <cjson/cJSON.h>

#include "core/base/die.h"
#include "core/model/safetensors.h"

/// Replaces the text of `key`, which the file has.
static inline void metadata_replace(struct safetensors *file, const char *key,
                                    const char *value)
{
    cJSON *metadata = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
    require(cJSON_ReplaceItemInObjectCaseSensitive(metadata, key,
                                                   cJSON_CreateString(value)),
            "no metadata %s", key);
}

#endif
