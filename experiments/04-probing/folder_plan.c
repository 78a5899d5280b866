#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "core/analysis/encoder_features.h"
#include "core/analysis/lars_probe.h"
#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/train/infer.h"
#include "experiments/04-probing/folder.h"

// An epoch of partial finetuning on one image, in encoder passes: .84 ms and 394 ms at 197 tokens
// of width 768.
static const double TUNING_PASSES = .84 / 394;
static const double GIGABYTE = 1e9, HOUR = 3600;

// Seconds that one thread takes to encode an image; black ones, which take as long as others.
static double encoder_seconds(const struct folder_study *folder, struct arena *arena)
{
    const struct mae *mae = &folder->vit.weights.mae;
    const size_t count = INFER_CHUNK;
    struct images images;
    images_open_square(&images, "imagefolder", count, mae->shape.image,
                       folder_values(folder));
    float *summary = arena_take(arena, count * SUMMARY_ROWS * (size_t)mae->shape.width,
                                sizeof *summary);
    const struct encoder_source source = {mae, folder->vit.weights.slab, &images, 1};
    const double began = clock_seconds();
    if (encoder_features_compute(NULL, summary, &source))
        die(EXIT_INPUT, "%s: its tokens are not finite (fetch the file again)",
            folder->vit.weights.file.path);
    images_free(&images);
    return (clock_seconds() - began) / (double)count;
}

// Multiplications and additions of the encoder's pass over an image.
static double encoder_flops(const struct mae_shape *shape)
{
    const double T = (double)shape_tokens(shape), D = shape->width;
    return shape->encoder_blocks * (24 * (T + 1) * D * D + 4 * (T + 1) * (T + 1) * D) +
           2 * T * (double)shape_patch(shape) * D;
}

// What so many training images cost.
struct cost {
    double encode, probes,
        tuning; // hours: on all threads, of one thread, of one seed's thread
    double bytes;
};

static struct cost cost_of(const struct folder_study *folder, const struct run *run,
                           size_t train, int partial, double seconds)
{
    const struct mae *mae = &folder->vit.weights.mae;
    const double test = (double)folder->images[SPLIT_TEST], n = (double)train,
                 flops = encoder_flops(&mae->shape) / seconds,
                 head = 4 * (double)folder->folder.classes * mae->shape.width,
                 lars =
                     run->options.epochs > 0 ? run->options.epochs : LARS_RECIPE.epochs,
                 adamw = run->options.epochs > 0 ? run->options.epochs
                                                 : PROBE_RECIPE.epochs;
    return (struct cost){
        .encode = (n + test) * seconds / run->options.threads / HOUR,
        .probes = 2 * n * head * (lars + adamw) / flops / HOUR,
        .tuning = partial ? n * adamw * TUNING_PASSES * seconds / HOUR : 0,
        .bytes = feature_shards_bytes(mae, train, partial) +
                 feature_shards_bytes(mae, folder->images[SPLIT_TEST], partial)};
}

static void cost_print(const char *what, const struct cost *cost, int threads,
                       size_t seeds)
{
    printf("%-22s features %.2f h on %d threads; linear probes %.2f thread-h, partial "
           "finetuning %.2f thread-h (x %zu seeds); disk %.3g GB\n",
           what, cost->encode, threads, cost->probes, cost->tuning, seeds,
           cost->bytes / GIGABYTE);
}

// Bytes of the features that are there already.
static double bytes_there(const char *path)
{
    DIR *folder = opendir(path);
    double bytes = 0;
    if (!folder) return 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char file[PATH_SIZE];
        struct stat status;
        path_format(file, "%s/%s", path, entry->d_name);
        if (stat(file, &status) == 0 && S_ISREG(status.st_mode))
            bytes += (double)status.st_size;
    }
    closedir(folder);
    return bytes;
}

void folder_plan(const struct folder_study *folder, const struct run *run, size_t seeds,
                 int partial)
{
    static const size_t fewer[] = {260, 100, 50, 13};
    struct arena arena;
    struct statvfs disk;
    char path[PATH_SIZE], what[48];
    path_format(path, "%s/features", run->root);
    folder_make(path);
    arena_open_growing(&arena, "plan");
    const double seconds = encoder_seconds(folder, &arena);
    arena_close(&arena);
    const size_t train = folder->images[SPLIT_TRAIN];
    const struct cost cost = cost_of(folder, run, train, partial, seconds);
    printf("%zu training and %zu test images of %zu classes; %.3g s per image and "
           "thread\n",
           train, folder->images[SPLIT_TEST], folder->folder.classes, seconds);
    cost_print("this run", &cost, run->options.threads, seeds);
    for (size_t i = 0; i < sizeof fewer / sizeof *fewer; ++i) {
        const size_t images =
            imagefolder_prefix(&folder->folder, SPLIT_TRAIN, fewer[i]);
        if (images >= train) continue;
        const struct cost less = cost_of(folder, run, images, partial, seconds);
        snprintf(what, sizeof what, "IMAGES_PER_CLASS=%zu", fewer[i]);
        cost_print(what, &less, run->options.threads, seeds);
    }
    const struct cost without = cost_of(folder, run, train, 0, seconds);
    if (partial) cost_print("PARTIAL=0", &without, run->options.threads, seeds);
    fflush(stdout);
    if (statvfs(path, &disk) != 0) return;
    const double free_bytes = (double)disk.f_bavail * (double)disk.f_frsize,
                 needed = cost.bytes - bytes_there(path);
    printf("disk: %.3g GB more are needed, %.3g GB are free\n",
           needed > 0 ? needed / GIGABYTE : 0, free_bytes / GIGABYTE);
    fflush(stdout);
    if (needed > free_bytes)
        die(EXIT_SYSTEM,
            "%s: %.3g GB are needed and %.3g GB are free (IMAGES_PER_CLASS=13 needs "
            "less, PARTIAL=0 needs %.3g GB)",
            path, needed / GIGABYTE, free_bytes / GIGABYTE, without.bytes / GIGABYTE);
}
