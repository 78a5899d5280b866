// Encoders from published files.
#include "tests/fuzz/reader.h"

#include <stdlib.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/model/vit_weights.h"

static struct vit_weights vit;

int reader_try(const uint8_t *bytes, size_t size)
{
    enum { HEADS = 2 };
    vit = (struct vit_weights){0};
    vit_weights_open(&vit, input_file(bytes, size), HEADS);
    require(slab_finite(vit.weights.slab, vit.weights.mae.parameters.count),
            "a number is not finite");
    vit_weights_close(&vit);
    return 1;
}

void reader_forget(void)
{
    arena_close(&vit.weights.arena);
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const char *const names[] = {"hf", "tuned", "vit"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        char path[PATH_SIZE];
        size_t size;
        path_format(path, "tests/golden/imagefolder/%s.safetensors", names[i]);
        char *bytes = file_read(&size, path, NULL);
        put(names[i], bytes, size);
        free(bytes);
    }
}
