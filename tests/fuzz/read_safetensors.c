// Tensors and metadata of any file.
#include "tests/fuzz/reader.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/model/safetensors.h"

static void tensor_use(const struct tensor *tensor)
{
    real *values = malloc((tensor->count + 1) * sizeof *values);
    require(values, "no memory");
    tensor_values(values, tensor);
    for (size_t i = 0; i < tensor->count; ++i)
        require(isfinite(values[i]), "%s: number %zu is not finite", tensor->name, i);
    free(values);
}

int reader_try(const uint8_t *bytes, size_t size)
{
    struct safetensors file;
    char fault[SAFETENSORS_FAULT];
    const char *path = input_bytes(bytes, size);
    if (!safetensors_open(&file, path, fault)) {
        require(strncmp(fault, path, strlen(path)) == 0, "a fault of no file");
        return 0;
    }
    size_t used = 0;
    for (size_t i = 0; i < file.count; ++i) {
        const struct tensor *tensor = &file.tensors[i];
        require(safetensors_find(&file, tensor->name) == tensor, "%s: not found",
                tensor->name);
        tensor_use(tensor);
        used += tensor->count;
    }
    require(used * 2 <= size, "%zu numbers in %zu bytes", used, size);
    safetensors_metadata(&file, "format");
    safetensors_trained(&file);
    safetensors_free(&file);
    return 1;
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const size_t shape[] = {2, 3};
    static const real numbers[9] = {1, -2, 3, 4, 5, 6, 7, 8, 9};
    char path[PATH_SIZE], digest[HASH_HEX];
    struct arena arena;
    struct parameters table;
    arena_open(&arena, "seed", 1 << 16);
    parameters_open(&table, 2, &arena);
    parameters_add(&table, "a.weight", 2, shape, INITIAL_ZERO, 1);
    parameters_add(&table, "a.bias", 1, shape + 1, INITIAL_ZERO, 1);
    slab_digest(digest, numbers, table.count);
    const struct slab slab = {"", numbers};
    const struct metadata metadata[] = {{"format", "pt"}, {SAFETENSORS_DIGEST, digest}};
    path_format(path, "%s/seed", input_folder("unused"));
    safetensors_write(path, &table, &slab, 1, metadata, 1, TENSOR_F32);
    seed_file(put, "f32", path);
    safetensors_write(path, &table, &slab, 1, metadata, 2, TENSOR_BF16);
    seed_file(put, "bf16-with-digest", path);
    safetensors_write(path, &table, NULL, 0, NULL, 0, TENSOR_F32);
    seed_file(put, "nothing", path);
    arena_close(&arena);
}
