#include "core/model/vit_weights.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "tests/ending.h"
#include "tests/scratch.h"

// What is asked for: a file and a number of heads.
struct request {
    const char *path;
    int heads;
};

static void open_it(const void *context)
{
    const struct request *request = context;
    struct vit_weights vit;
    vit_weights_open(&vit, request->path, request->heads);
    printf("%s, %d heads, %zu classes\n", vit_naming_name(vit.naming),
           vit.weights.mae.shape.encoder_heads, vit.head.classes);
    vit_weights_close(&vit);
}

static void expect(int line, int code, const char *path, int heads, const char *says)
{
    const struct request request = {path, heads};
    if (code)
        expect_death(line, open_it, &request, code, says);
    else
        expect_ending(line, open_it, &request, code, says);
}

// A golden file in the scratch folder with the first `what` in its header changed to as long a
// text. Returns the path.
static const char *changed(const char *file, const char *what, const char *to)
{
    char path[PATH_SIZE];
    size_t size;
    path_format(path, "tests/golden/imagefolder/%s", file);
    char *bytes = file_read(&size, path, NULL),
         *at = memmem(bytes, size, what, strlen(what));
    cr_assert(at && strlen(what) == strlen(to), "%s", what);
    memcpy(at, to, strlen(to));
    const char *name = in_scratch("changed.safetensors");
    scratch_write(name, bytes, size);
    free(bytes);
    return name;
}

TestSuite(vit_weights, .init = scratch_make);

Test(vit_weights, three_naming_schemes_are_told_apart)
{
    static const char folder[] = "tests/golden/imagefolder";
    char path[PATH_SIZE];
    path_format(path, "%s/vit.safetensors", folder);
    expect(__LINE__, 0, path, 0, "Facebook's, 2 heads, 0 classes");
    path_format(path, "%s/hf.safetensors", folder);
    expect(__LINE__, 0, path, 2, "Hugging Face's, 2 heads, 0 classes");
    path_format(path, "%s/tuned.safetensors", folder);
    expect(__LINE__, 0, path, 0, "Facebook's, 2 heads, 3 classes");
}

Test(vit_weights, what_cannot_be_read_is_refused_in_one_line)
{
    static const char pickle[] = "\x80\x02}q.", zip[] = "PK\x03\x04";
    const char *path = in_scratch("mae_pretrain_vit_base.pth");
    expect(__LINE__, EXIT_INPUT, in_scratch("none.safetensors"), 0, "give WEIGHTS=");
    scratch_write(path, zip, sizeof zip);
    expect(__LINE__, EXIT_INPUT, path, 0, "python3 tools/pth-to-safetensors FILE.pth");
    expect(__LINE__, EXIT_INPUT, path, 0,
           "model.safetensors of timm/vit_base_patch16_224");
    path = in_scratch("renamed.safetensors");
    scratch_write(path, pickle, sizeof pickle);
    expect(__LINE__, EXIT_INPUT, path, 0, "a PyTorch file");
    expect(__LINE__, EXIT_INPUT, changed("vit.safetensors", "cls_token", "cls_tokem"),
           0, "none of the class tokens");
    expect(__LINE__, EXIT_INPUT,
           changed("vit.safetensors", "blocks.1.norm2.bias", "blocks.1.norm3.bias"), 0,
           "tensor 'blocks.1.norm2.bias' is missing");
    expect(__LINE__, EXIT_INPUT,
           changed("hf.safetensors", "decoder.mask_token", "recoder.mask_token"), 0,
           "tensor 'recoder.mask_token' is not part of a ViT of Hugging Face's names");
    expect(__LINE__, EXIT_INPUT,
           changed("hf.safetensors", "1.attention.attention.key.bias",
                   "1.attention.attention.kex.bias"),
           0, "attention.key.bias' is missing");
    expect(__LINE__, EXIT_INPUT,
           changed("vit.safetensors", "[1, 17, 16]", "[17, 1, 16]"), 0, "1 positions");
    expect(__LINE__, EXIT_USAGE, changed("vit.safetensors", "\"heads\"", "\"beads\""),
           0, "does not say how many heads it has");
    expect(__LINE__, EXIT_USAGE, changed("vit.safetensors", "\"heads\"", "\"beads\""),
           3, "3 heads do not divide the width 16");
    expect(__LINE__, EXIT_INPUT,
           changed("vit.safetensors", "\"heads\": \"2\"", "\"heads\": \"3\""), 0,
           "heads do not divide the width");
    expect(__LINE__, EXIT_USAGE, "tests/golden/imagefolder/vit.safetensors", 4,
           "4 heads asked for");
}

// The zeros of a small encoder with the suite's names.
static const char *ours(int channels, int blocks, enum mixing mixing)
{
    const struct mae_shape shape = {8, channels, 4, 16, blocks, 1, 2, 2};
    const char *path = in_scratch("ours.safetensors");
    struct arena arena;
    struct mae mae;
    arena_open_growing(&arena, "test");
    mae_open(&mae, &shape, &arena);
    const struct slab slab = {"", arena_zeros(&arena, mae.parameters.count)};
    const struct metadata metadata[] = {{"heads", "2"},
                                        {"mixing", mixing_name(mixing)}};
    safetensors_write(path, &mae.parameters, &slab, 1, metadata, 2, TENSOR_F32);
    arena_close(&arena);
    return path;
}

Test(vit_weights, of_ours_only_encoders_of_colours_that_mix_tokens_are_read)
{
    expect(__LINE__, 0, ours(3, 1, MIXING_ATTENTION), 0, "2 heads");
    expect(__LINE__, EXIT_INPUT, ours(4, 1, MIXING_ATTENTION), 0,
           "no encoder of colours with blocks that mix tokens");
    expect(__LINE__, EXIT_INPUT, ours(3, 0, MIXING_ATTENTION), 0,
           "no encoder of colours with blocks that mix tokens");
    expect(__LINE__, EXIT_INPUT, ours(3, 1, MIXING_IDENTITY), 0,
           "no encoder of colours with blocks that mix tokens");
}

// Of a ViT-B: its patches, positions and first norm alone, all zeros.
Test(vit_weights, large_weights_that_are_missing_are_named)
{
    static const struct {
        const char *name, *shape;
        size_t numbers;
    } tensors[] = {{"cls_token", "[1,1,768]", 768},
                   {"pos_embed", "[1,5,768]", 5 * 768},
                   {"patch_embed.proj.weight", "[768,3,2,2]", 768 * 12},
                   {"patch_embed.proj.bias", "[768]", 768},
                   {"blocks.0.norm1.weight", "[768]", 768}};
    enum { TENSORS = sizeof tensors / sizeof *tensors };
    char header[1024] = "{";
    size_t used = 1, at = 0;
    for (size_t t = 0; t < TENSORS; ++t) {
        used += (size_t)snprintf(
            header + used, sizeof header - used,
            "%s\"%s\":{\"dtype\":\"F32\",\"shape\":%s,\"data_offsets\":[%zu,%zu]}",
            t ? "," : "", tensors[t].name, tensors[t].shape, at,
            at + 4 * tensors[t].numbers);
        at += 4 * tensors[t].numbers;
    }
    used += (size_t)snprintf(header + used, sizeof header - used, "}");
    while (used % 8) header[used++] = ' ';
    const uint64_t length = used;
    char *bytes = calloc(1, 8 + used + at);
    cr_assert(bytes);
    memcpy(bytes, &length, sizeof length);
    memcpy(bytes + 8, header, used);
    const char *path = in_scratch("norms.safetensors");
    scratch_write(path, bytes, 8 + used + at);
    free(bytes);
    expect(__LINE__, EXIT_INPUT, path, 0, "is missing");
}

Test(vit_weights, a_number_of_heads_may_be_given)
{
    expect(__LINE__, 0, changed("vit.safetensors", "\"heads\"", "\"beads\""), 4,
           "4 heads");
}
