/// Class labels of golden data, which are stored as bytes, as the suite has them.
#ifndef MASKBOOK_TESTS_GOLDEN_LABELS_H
#define MASKBOOK_TESTS_GOLDEN_LABELS_H

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/base/npy.h"

/// The labels (count) of an array of bytes, in memory that the caller frees.
static inline uint16_t *golden_labels(const struct npy *bytes)
{
    cr_assert_eq(bytes->type, NPY_U1);
    uint16_t *labels = malloc(bytes->count * sizeof *labels);
    cr_assert(labels);
    for (size_t i = 0; i < bytes->count; ++i)
        labels[i] = ((const uint8_t *)bytes->data)[i];
    return labels;
}

#endif
