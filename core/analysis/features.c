#include "core/analysis/features.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/arena.h"
#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/hash.h"

enum { HEADER = 4096 };

const float *features_image(const struct features *features, size_t image)
{
    require(image < features->images, "image %zu of %zu", image, features->images);
    return features->data + image * features->rows * features->width;
}

struct features features_part(const struct features *features, size_t first,
                              size_t last)
{
    require(first <= last && last <= features->images, "images %zu..%zu of %zu", first,
            last, features->images);
    struct features part = *features;
    part.images = last - first;
    part.data += first * features->rows * features->width;
    part.map = NULL;
    return part;
}

static size_t data_bytes(const struct features *features)
{
    size_t rows = size_product(features->images, features->rows);
    return size_product(size_product(rows, features->width), sizeof(float));
}

// header (HEADER) = the first page of such a file: text, then zeros.
static void header_fill(char header[HEADER], const struct features *features,
                        const char *key, const float *data)
{
    char digest[HASH_HEX];
    hash_bytes(digest, data, data_bytes(features));
    memset(header, 0, HEADER);
    snprintf(header, HEADER,
             "Maskbook features, float32 after a page of %d bytes\nkey %s\n"
             "images %zu\nrows %zu\nwidth %zu\nsha256 %s\n",
             HEADER, key, features->images, features->rows, features->width, digest);
}

int features_open(struct features *features, const char *path, const char *key)
{
    const size_t size = HEADER + data_bytes(features);
    struct stat status;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    void *map = MAP_FAILED;
    if (fstat(file, &status) == 0 && S_ISREG(status.st_mode) &&
        (size_t)status.st_size == size)
        map = mmap(NULL, size, PROT_READ, MAP_SHARED, file, 0);
    close(file);
    int same = 0;
    if (map != MAP_FAILED) {
        char header[HEADER];
        header_fill(header, features, key, (const float *)((char *)map + HEADER));
        same = memcmp(map, header, HEADER) == 0;
        if (!same) munmap(map, size);
    }
    if (!same) {
        fprintf(stderr,
                "%s: of other weights, data or sources, or damaged: made again\n",
                path);
        return 0;
    }
    features->map = map;
    features->data = (const float *)((char *)map + HEADER);
    return 1;
}

void features_join(struct features *features, size_t shard,
                   features_path_function *path_of, const void *context)
{
    const size_t one = size_product(features->rows, features->width) * sizeof(float),
                 bytes = size_product(shard, one), total = data_bytes(features);
    require(bytes % HEADER == 0, "shards of %zu bytes are no whole pages", bytes);
    // Addresses for all of them first, then the files over those.
    char *map = mmap(NULL, HEADER + total, PROT_NONE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        die(EXIT_SYSTEM, "no addresses for %zu bytes of features: %s", total,
            strerror(errno));
    for (size_t s = 0; s * shard < features->images; ++s) {
        char path[PATH_SIZE];
        const size_t first = s * bytes,
                     length = total - first < bytes ? total - first : bytes;
        path_of(path, s, context);
        const int file = open(path, O_RDONLY | O_CLOEXEC);
        if (file < 0 || mmap(map + HEADER + first, length, PROT_READ,
                             MAP_SHARED | MAP_FIXED, file, HEADER) == MAP_FAILED)
            die(EXIT_SYSTEM, "%s: %s", path, strerror(errno));
        close(file);
    }
    features->map = map;
    features->data = (const float *)(map + HEADER);
}

void features_write(const struct features *features, const char *path, const char *key)
{
    struct output output;
    char header[HEADER];
    header_fill(header, features, key, features->data);
    output_open(&output, path);
    fwrite(header, 1, HEADER, output.file);
    fwrite(features->data, 1, data_bytes(features), output.file);
    output_close(&output);
}

void features_close(struct features *features)
{
    if (features->map) munmap(features->map, HEADER + data_bytes(features));
    features->map = NULL;
    features->data = NULL;
}
