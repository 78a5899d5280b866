#include "core/train/run_identity.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/linalg/coretype.h"

void run_identity_fill(struct run_identity *identity, const struct recipe *recipe,
                       uint64_t seed, const char *data_digest,
                       enum arithmetic arithmetic, const char *code)
{
    *identity =
        (struct run_identity){.arithmetic = arithmetic_name(arithmetic), .code = code};
    recipe_text(identity->recipe, recipe);
    snprintf(identity->seed, sizeof identity->seed, "%" PRIu64, seed);
    snprintf(identity->data_digest, sizeof identity->data_digest, "%s", data_digest);
    snprintf(identity->core_type, sizeof identity->core_type, "%s", coretype_name());
}

size_t run_identity_metadata(struct metadata *metadata,
                             const struct run_identity *identity)
{
    size_t count = 0;
    metadata[count++] = (struct metadata){"recipe", identity->recipe};
    metadata[count++] = (struct metadata){"seed", identity->seed};
    metadata[count++] = (struct metadata){"data_digest", identity->data_digest};
    metadata[count++] = (struct metadata){"arithmetic", identity->arithmetic};
    metadata[count++] = (struct metadata){"core_type", identity->core_type};
    if (identity->code) metadata[count++] = (struct metadata){"code", identity->code};
    return count;
}

const char *run_identity_difference(const struct run_identity *identity,
                                    const struct safetensors *file)
{
    struct metadata expected[IDENTITY_KEYS];
    size_t count = run_identity_metadata(expected, identity);
    for (size_t i = 0; i < count; ++i) {
        const char *found = safetensors_metadata(file, expected[i].key);
        if (!found || strcmp(found, expected[i].value)) return expected[i].key;
    }
    return NULL;
}
