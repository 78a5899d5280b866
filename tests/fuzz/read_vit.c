// Encoders from published files.
#include "tests/fuzz/reader.h"

#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/model/vit_weights.h"

static struct vit_weights vit;

int reader_try(const uint8_t *bytes, size_t size)
{
    enum { HEADS = 2 };
    vit = (struct vit_weights){0};
    vit_weights_open(&vit, input_bytes(bytes, size), HEADS);
    require(slab_finite(vit.weights.slab, vit.weights.mae.parameters.count),
            "a number is not finite");
    vit_weights_close(&vit);
    return 1;
}

void reader_forget(void)
{
    arena_close(&vit.weights.arena);
}

// Writes the golden file with its first block alone, an eighth of its widths and patches of one
// pixel: of inputs so small, several times as many are tried in the same time.
static void small_write(const char *path, const char *golden)
{
    static const struct metadata heads = {"heads", "2"};
    struct safetensors file;
    struct parameters table;
    struct arena arena;
    safetensors_read(&file, golden, NULL);
    arena_open(&arena, "seed", 1 << 20);
    parameters_open(&table, file.count, &arena);
    for (size_t i = 0; i < file.count; ++i) {
        const struct tensor *tensor = &file.tensors[i];
        size_t shape[PARAMETER_DIMENSIONS];
        for (int d = 0; d < tensor->dimensions; ++d)
            shape[d] = tensor->shape[d] % 8 ? tensor->shape[d] : tensor->shape[d] / 8;
        if (!strstr(tensor->name, ".1."))
            parameters_add(&table, tensor->name, tensor->dimensions, shape,
                           INITIAL_ZERO, 1);
    }
    const struct slab slab = {"", arena_zeros(&arena, table.count)};
    safetensors_write(path, &table, &slab, 1, &heads, 1, TENSOR_F32);
    arena_close(&arena);
    safetensors_free(&file);
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const char *const names[] = {"hf", "tuned", "vit"};
    char golden[PATH_SIZE], path[PATH_SIZE];
    path_format(path, "%s/seed", input_folder("unused"));
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        path_format(golden, "tests/golden/imagefolder/%s.safetensors", names[i]);
        small_write(path, golden);
        seed_file(put, names[i], path);
    }
}
