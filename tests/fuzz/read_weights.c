// A model from its file alone.
#include "tests/fuzz/reader.h"

#include <stdio.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/model/weights.h"

static struct weights weights;

int reader_try(const uint8_t *bytes, size_t size)
{
    weights = (struct weights){0};
    weights_open(&weights, input_bytes(bytes, size), NULL, 0);
    const struct parameters *table = &weights.mae.parameters;
    require(slab_finite(weights.slab, table->count), "a number is not finite");
    weights_close(&weights);
    return 1;
}

void reader_forget(void)
{
    arena_close(&weights.arena);
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const struct mae_shape shape = {2, 1, 1, 2, 1, 1, 1, 2};
    static const struct metadata metadata[] = {
        {"heads", "1"}, {"decoder_heads", "2"}, {"mixing", "identity"}};
    char path[PATH_SIZE];
    struct arena arena;
    struct mae mae;
    arena_open(&arena, "seed", 1 << 20);
    mae_open(&mae, &shape, &arena);
    struct parameters *table = &mae.parameters;
    real *numbers = arena_zeros(&arena, table->count);
    const struct slab slab = {"", numbers};
    path_format(path, "%s/seed", input_folder("unused"));
    safetensors_write(path, table, &slab, 1, metadata, 2, TENSOR_BF16);
    seed_file(put, "bf16", path);
    safetensors_write(path, table, &slab, 1, metadata, 3, TENSOR_F32);
    seed_file(put, "f32", path);

    // The encoder alone comes first in the table.
    size_t rows = 0;
    while (parameters_find(table, "decoder.mask_token") != &table->row[rows]) ++rows;
    for (table->rows = rows; rows--;)
        for (char *c = table->row[rows].name, *rest = c + sizeof "encoder." - 1;
             (*c++ = *rest++);)
            continue;
    safetensors_write(path, table, &slab, 1, metadata, 1, TENSOR_F32);
    seed_file(put, "encoder", path);
    arena_close(&arena);
}
