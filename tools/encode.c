/// encode: a trained model's tokens and reconstructions of images, as .npy files, from any weights.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/lock.h"
#include "core/base/npy.h"
#include "core/base/options.h"
#include "core/base/text.h"
#include "core/data/image_arrays.h"
#include "core/data/images.h"
#include "core/data/masks.h"
#include "core/data/planted.h"
#include "core/linalg/coretype.h"
#include "core/model/weights.h"
#include "core/train/encode.h"
#include "core/train/evaluate.h"

enum { MOST_IMAGES = 10000000, MOST_TOKENS = 1024 };

static const char USAGE[] =
    "encode --weights F [--heads H] --images SOURCE [--first N] [--layer L]\n"
    "       [--mask-ratio R --seed S | --visible F.npy] [--threads N] --out DIR\n\n"
    "SOURCE is cifar10:test, cifar10:train, planted:SEED, or a .npy file: float32 of\n"
    "shape (n,3,32,32) in [-1,1]; float64 is rounded to it. --visible F.npy is int32 "
    "or\n"
    "int64 of shape (n,V). Of T patches V are visible, all without a mask. In DIR:\n"
    "  images.npy          (n,3,32,32)  float32, the images themselves\n"
    "  labels.npy          (n)          uint8, not for a .npy source\n"
    "  tokens.npy          (n,V+1,D)    float32, class token first, patches in row "
    "order\n"
    "  visible.npy         (n,V)        int32, patch of each token, ascending\n"
    "  mask.npy            (n,T)        uint8, 1 where a patch is hidden\n"
    "  reconstruction.npy  (n,3,32,32)  float32, the prediction of every patch, the\n"
    "                                   visible ones too; only with a decoder\n"
    "and .lock, an empty file: a second encode with this DIR waits for the first.\n"
    "--weights F is a safetensors file, F32 or BF16, of an encoder with width D, P "
    "pixels\n"
    "a patch's side and L blocks (l = 0..L-1), and perhaps of a decoder (read with "
    "the\n"
    "prefix encoder. or, without a decoder, none; head.* is ignored; module., model. "
    "and\n"
    "_orig_mod. before all names are, too):\n"
    "  encoder.cls_token              (1,1,D)\n"
    "  encoder.pos_embedding          (T,1,D)\n"
    "  encoder.patchify.weight, .bias (D,3,P,P), (D)\n"
    "  encoder.transformer.l.         norm1.weight, .bias (D); attn.qkv.weight "
    "(3D,D);\n"
    "     attn.proj.weight, .bias (D,D), (D); norm2.weight, .bias (D);\n"
    "     mlp.fc1.weight, .bias (4D,D), (4D); mlp.fc2.weight, .bias (D,4D), (D)\n"
    "  encoder.layer_norm.weight, .bias (D)\n"
    "  decoder.mask_token (1,1,D), decoder.pos_embedding (T+1,1,D),\n"
    "  decoder.transformer.l.* as above, decoder.head.weight, .bias (3PP,D), (3PP)\n"
    "Its metadata may say heads, decoder_heads (text of a number).\n";

// What is written to, or removed from, the folder of --out.
enum { OUT_IMAGES, OUT_LABELS, OUT_TOKENS, OUT_VISIBLE, OUT_MASK, OUT_PAINTED, OUTS };
static const char *const out_names[OUTS] = {
    [OUT_IMAGES] = "images.npy", [OUT_LABELS] = "labels.npy",
    [OUT_TOKENS] = "tokens.npy", [OUT_VISIBLE] = "visible.npy",
    [OUT_MASK] = "mask.npy",     [OUT_PAINTED] = "reconstruction.npy",
};

/// Where images come from.
enum source { SOURCE_FILE, SOURCE_PLANTED, SOURCE_TEST, SOURCE_TRAIN };

struct request {
    const char *weights, *images, *visible, *ratio, *out;
    enum source source;
    uint64_t planted_seed, mask_seed;
    size_t first;      ///< 0: all
    double mask_ratio; ///< when ratio is not NULL
    int threads;
};

struct job {
    struct weights weights;
    int layer;                     ///< as for mae_encode
    size_t count;                  ///< n
    size_t tokens, visible, width; ///< T, V, D
    float *images;                 ///< (n,3,32,32), owned
    uint8_t *labels;               ///< (n), owned, or NULL
    struct arena arena;            ///< holds the arrays below
    int32_t *patches;              ///< (n,V) the visible ones
    uint8_t *mask;                 ///< (n,T)
    float *encoded;                ///< (n,V+1,D)
    float *painted;                ///< (n,3,32,32), NULL without a decoder
};

// ====== What is asked for ======

static enum source source_read(uint64_t *seed, const char *text)
{
    size_t length = strlen(text);
    if (strcmp(text, "cifar10:test") == 0) return SOURCE_TEST;
    if (strcmp(text, "cifar10:train") == 0) return SOURCE_TRAIN;
    if (text_begins(text, "planted:")) {
        *seed = parse_seed("the seed of --images planted:SEED", text + 8);
        return SOURCE_PLANTED;
    }
    if (length > 4 && strcmp(text + length - 4, ".npy") == 0) return SOURCE_FILE;
    die(EXIT_USAGE,
        "--images %s: unknown source (cifar10:test, cifar10:train, planted:SEED or a "
        ".npy file)",
        text);
}

static const char *needed(const struct option *options, size_t count, const char *name)
{
    const char *text = option_text(options, count, name);
    if (!text) die(EXIT_USAGE, "--%s is missing (see --help)", name);
    return text;
}

static void request_read(struct request *request, const struct option *options,
                         size_t count)
{
    const char *seed = option_text(options, count, "seed");
    const char *first = option_text(options, count, "first");
    *request = (struct request){
        .weights = needed(options, count, "weights"),
        .images = needed(options, count, "images"),
        .out = needed(options, count, "out"),
        .ratio = option_text(options, count, "mask-ratio"),
        .visible = option_text(options, count, "visible"),
        .threads = parse_threads(option_text(options, count, "threads")),
    };
    request->source = source_read(&request->planted_seed, request->images);
    if (first) request->first = (size_t)parse_integer("--first", first, 1, MOST_IMAGES);
    if (request->ratio && request->visible)
        die(EXIT_USAGE, "--mask-ratio and --visible exclude each other (give one)");
    if (request->ratio && !seed)
        die(EXIT_USAGE, "--mask-ratio needs a --seed (any number; it names the masks)");
    if (seed && !request->ratio)
        die(EXIT_USAGE, "--seed is the masks' (give --mask-ratio, or planted:SEED)");
    if (request->ratio)
        request->mask_ratio = parse_number("--mask-ratio", request->ratio, 0, 1);
    if (seed) request->mask_seed = parse_seed("--seed", seed);
}

// An input may lie in the folder of --out, where an earlier run left it, but not under a name that
// this run writes to. Device and inode identify it, by any path.
static void input_spare(const char *input, const char *out)
{
    struct stat read, there;
    char path[PATH_SIZE];
    if (stat(input, &read)) return; // its reader says why
    for (int i = 0; i < OUTS; ++i) {
        path_format(path, "%s/%s", out, out_names[i]);
        if (stat(path, &there) == 0 && there.st_dev == read.st_dev &&
            there.st_ino == read.st_ino)
            die(EXIT_USAGE, "--out: would overwrite %s (choose another folder)", input);
    }
}

static void inputs_spare(const struct request *request)
{
    input_spare(request->weights, request->out);
    if (request->source == SOURCE_FILE) input_spare(request->images, request->out);
    if (request->visible) input_spare(request->visible, request->out);
}

static void model_read(struct job *job, const struct request *request,
                       const struct option *options, size_t count)
{
    const char *heads = option_text(options, count, "heads");
    const char *layer = option_text(options, count, "layer");
    const char *path = request->weights;
    weights_open(&job->weights, path, "give --weights whole safetensors of F32 or BF16",
                 heads ? (int)parse_integer("--heads", heads, 1, 1024) : 0);
    const struct mae_shape *shape = &job->weights.mae.shape;
    if (shape->image != IMAGE_SIDE || shape->channels != IMAGE_CHANNELS)
        die(EXIT_INPUT, "%s: made for %d channels of %dx%d pixels, not for 3 of 32x32",
            path, shape->channels, shape->image, shape->image);
    job->layer = -1;
    if (layer)
        job->layer = (int)parse_integer("--layer", layer, 0, shape->encoder_blocks);
    job->tokens = shape_tokens(shape);
    job->width = (size_t)shape->width;
    require(job->tokens <= MOST_TOKENS, "%zu patches", job->tokens);
}

// ====== Images ======

static size_t count_wanted(const struct request *request, size_t there)
{
    if (request->first > there)
        die(EXIT_USAGE, "--first %zu: %s has only %zu images", request->first,
            request->images, there);
    return request->first ? request->first : there;
}

static void images_from_file(struct job *job, const struct request *request)
{
    size_t there;
    job->images = image_array_read(&there, request->images);
    job->count = count_wanted(request, there);
}

static void images_from_data(struct job *job, const struct request *request)
{
    struct images images;
    if (request->source == SOURCE_PLANTED)
        planted_make(&images, request->planted_seed,
                     request->first ? request->first : PLANTED_TEST, PLANTED_NOISE);
    else
        images_load(&images, "cifar10",
                    request->source == SOURCE_TEST ? SPLIT_TEST : SPLIT_TRAIN);
    job->count = count_wanted(request, images.count);
    size_t numbers = size_product(job->count, IMAGE_BYTES);
    job->images = malloc(size_product(numbers, sizeof *job->images));
    if (!job->images) die(EXIT_SYSTEM, "no memory for %zu images", job->count);
    for (size_t i = 0; i < numbers; ++i)
        job->images[i] = (float)pixel_value(images.pixels[i]);
    job->labels = malloc(images.count);
    if (!job->labels) die(EXIT_SYSTEM, "no memory for %zu labels", images.count);
    for (size_t i = 0; i < images.count; ++i)
        job->labels[i] = (uint8_t)images.labels[i];
    images_free(&images);
}

// ====== Masks ======

// V; for --visible from the shape of its array, which goes to `chosen`.
static size_t visible_count(struct npy *chosen, const struct job *job,
                            const struct request *request)
{
    if (request->ratio) {
        size_t visible = (double)job->tokens * (1 - request->mask_ratio) < 1
                             ? 0
                             : mask_visible(job->tokens, request->mask_ratio);
        if (visible == 0 || visible == job->tokens)
            die(EXIT_USAGE, "--mask-ratio %s: of %zu patches %zu stay visible",
                request->ratio, job->tokens, visible);
        return visible;
    }
    if (!request->visible) return job->tokens;
    visible_array_read(chosen, request->visible, job->count, job->tokens);
    return chosen->shape[1];
}

static void masks_fill(struct job *job, const struct request *request,
                       const struct npy *chosen)
{
    int32_t hidden[MOST_TOKENS];
    for (size_t i = 0; i < job->count; ++i) {
        int32_t *visible = job->patches + i * job->visible;
        if (request->visible) {
            visible_array_row(visible, chosen, i, job->tokens, request->visible);
        } else if (request->ratio) {
            mask_draw(visible, hidden, job->tokens, request->mask_ratio,
                      request->mask_seed, EVALUATION_EPOCH, (uint32_t)i);
        } else {
            for (size_t t = 0; t < job->tokens; ++t) visible[t] = (int32_t)t;
        }
        uint8_t *mask = job->mask + i * job->tokens;
        memset(mask, 1, job->tokens);
        for (size_t v = 0; v < job->visible; ++v) mask[visible[v]] = 0;
    }
}

static void arrays_open(struct job *job, const struct request *request)
{
    struct npy chosen = {0};
    job->visible = visible_count(&chosen, job, request);
    size_t encoded =
        size_product(job->count, size_product(job->visible + 1, job->width));
    size_t pixels = job->weights.decoder ? size_product(job->count, IMAGE_BYTES) : 0;
    size_t patches = size_product(job->count, job->tokens);
    arena_open_growing(&job->arena, "outputs");
    job->patches = arena_take(&job->arena, job->count * job->visible, sizeof(int32_t));
    job->mask = arena_take(&job->arena, patches, 1);
    job->encoded = arena_take(&job->arena, encoded, sizeof(float));
    if (pixels) job->painted = arena_take(&job->arena, pixels, sizeof(float));
    masks_fill(job, request, &chosen);
    npy_free(&chosen);
}

static void encode(struct job *job, int threads)
{
    const struct encoding encoding = {
        .mae = &job->weights.mae,
        .weights = job->weights.slab,
        .layer = job->layer,
        .images = job->images,
        .count = job->count,
        .visible = job->visible,
        .shown = job->patches,
        .threads = threads,
    };
    if (encode_images(job->encoded, job->painted, &encoding))
        die(EXIT_INPUT, "%s: these weights make numbers that are not finite",
            job->weights.file.path);
}

// ====== Files ======

// Removes what an earlier run has left: the files of a folder belong together, also when the disk
// takes only some of them.
static void outputs_remove(const char *out)
{
    char path[PATH_SIZE];
    for (int i = 0; i < OUTS; ++i) {
        path_format(path, "%s/%s", out, out_names[i]);
        if (unlink(path) && errno != ENOENT)
            die(EXIT_SYSTEM,
                "%s: cannot be removed: %s (it is not of these images; remove it)",
                path, strerror(errno));
    }
}

// Writes an array, if this run has it.
static void put(const char *out, int which, enum npy_type type, int dimensions,
                const size_t *shape, const void *data)
{
    char path[PATH_SIZE];
    if (!data) return;
    path_format(path, "%s/%s", out, out_names[which]);
    npy_write(path, type, dimensions, shape, data);
    printf("%s (", path);
    for (int d = 0; d < dimensions; ++d) printf("%s%zu", d ? "," : "", shape[d]);
    printf(")\n");
}

static void outputs_put(const struct job *job, const char *out)
{
    size_t n = job->count;
    const size_t pictures[] = {n, IMAGE_CHANNELS, IMAGE_SIDE, IMAGE_SIDE};
    outputs_remove(out);
    put(out, OUT_IMAGES, NPY_F4, 4, pictures, job->images);
    put(out, OUT_LABELS, NPY_U1, 1, &n, job->labels);
    put(out, OUT_TOKENS, NPY_F4, 3, (size_t[]){n, job->visible + 1, job->width},
        job->encoded);
    put(out, OUT_VISIBLE, NPY_I4, 2, (size_t[]){n, job->visible}, job->patches);
    put(out, OUT_MASK, NPY_U1, 2, (size_t[]){n, job->tokens}, job->mask);
    put(out, OUT_PAINTED, NPY_F4, 4, pictures, job->painted);
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    stdout_check_at_exit();
    struct option options[] = {
        {"weights", NULL, "the model, a safetensors file"},
        {"heads", NULL, "attention heads, where the file does not say"},
        {"images", NULL, "cifar10:test, cifar10:train, planted:SEED or a .npy file"},
        {"first", NULL, "only the first N images"},
        {"layer", NULL, "0: the embedding, l: after block l (default: the final norm)"},
        {"mask-ratio", NULL, "share of patches to hide, by --seed"},
        {"seed", NULL, "of the masks"},
        {"visible", NULL, "patches to show, int32 or int64 (n,V), rows ascending"},
        {"threads", NULL, "threads (default: the CPUs allowed); not seen in the files"},
        {"out", NULL, "the folder to write to"},
    };
    size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv, USAGE);
    struct request request;
    struct job job = {0};
    request_read(&request, options, count);
    inputs_spare(&request);
    model_read(&job, &request, options, count);
    if (request.source == SOURCE_FILE)
        images_from_file(&job, &request);
    else
        images_from_data(&job, &request);
    arrays_open(&job, &request);
    folder_make(request.out);
    const int lock = lock_take_folder(request.out, "another encode");
    encode(&job, request.threads);
    outputs_put(&job, request.out);
    close(lock);

    arena_close(&job.arena);
    weights_close(&job.weights);
    free(job.images);
    free(job.labels);
    return 0;
}
