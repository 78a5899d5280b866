#include "core/data/cifar10.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"

// Fuzzers (the macro is the one they share) read files of a few records, and thousands a second.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
enum { FILE_RECORDS = 4 };
#else
enum { FILE_RECORDS = 10000 };
#endif

enum {
    RECORD_BYTES = 1 + IMAGE_BYTES,
    FILE_BYTES = FILE_RECORDS * RECORD_BYTES,
    FILES_MOST = 5
};

// What to do about a file that is not as it should be: `make data` only mends its own folder.
static const char *hint(void)
{
    const char *set = getenv("CIFAR10_DIR");
    return set && *set ? "put the official file there, or unset CIFAR10_DIR and run "
                         "`make data`"
                       : "run `make data`";
}

// The files of a split, in the order of their numbers.
struct source {
    size_t files;
    const char *names[FILES_MOST];
    const char *digest;
};

static const struct source sources[] = {
    [SPLIT_TRAIN] =
        {5,
         {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin",
          "data_batch_4.bin", "data_batch_5.bin"},
         "e47348e92e1b30ac0f7c8442987cf05d07f7556eaf7a09b8fae52543df7266c6"},
    [SPLIT_TEST] = {1,
                    {"test_batch.bin"},
                    "c601bf85e16d3df5ce4a9a274bdaa4475e7a92eb0939ca63c602ccc780548819"},
};

const char *cifar10_digest(enum split split)
{
    return sources[split].digest;
}

size_t cifar10_count(enum split split)
{
    return sources[split].files * FILE_RECORDS;
}

int cifar10_locate(char folder[PATH_SIZE])
{
    const char *set = getenv("CIFAR10_DIR");
    const char *top = set && *set ? set : "data/cifar-10-batches-bin";
    static const char *const below[] = {"", "/cifar-10-batches-bin"};
    for (size_t i = 0; i < 2; ++i) {
        char first[PATH_SIZE];
        path_format(folder, "%s%s", top, below[i]);
        path_format(first, "%s/%s", folder, sources[SPLIT_TRAIN].names[0]);
        if (file_exists(first)) return 1;
    }
    path_format(folder, "%s", top);
    return 0;
}

// A record and its sort key.
struct entry {
    unsigned char digest[SHA256_BYTES];
    const uint8_t *record; // (RECORD_BYTES) label, then pixels
};

static int entry_compare(const void *a, const void *b)
{
    return memcmp(((const struct entry *)a)->digest, ((const struct entry *)b)->digest,
                  SHA256_BYTES);
}

static void file_check_size(const char *path, size_t size)
{
    if (size != FILE_BYTES)
        die(EXIT_INPUT,
            "%s: has %zu bytes, not the %d of %d records (delete it and %s)", path,
            size, FILE_BYTES, FILE_RECORDS, hint());
}

// entries (FILE_RECORDS) = the records of a file. Returns the buffer that they point into, which
// the caller frees.
static char *file_add(struct entry *entries, const char *path)
{
    size_t size;
    char *bytes = file_read(&size, path, hint());
    file_check_size(path, size);
    for (size_t i = 0; i < FILE_RECORDS; ++i) {
        const uint8_t *record = (const uint8_t *)bytes + i * RECORD_BYTES;
        if (record[0] >= IMAGE_CLASSES)
            die(EXIT_INPUT,
                "%s: record %zu of 0..%d has label %d, above %d (delete it and %s)",
                path, i, FILE_RECORDS - 1, record[0], IMAGE_CLASSES - 1, hint());
        hash_raw(entries[i].digest, record, RECORD_BYTES);
        entries[i].record = record;
    }
    return bytes;
}

// Copies the sorted records into `images` and checks their digest.
static void entries_copy(struct images *images, const struct entry *entries,
                         const struct source *source, const char *folder)
{
    struct hash hash;
    hash_open(&hash);
    for (size_t i = 0; i < images->count; ++i) {
        const uint8_t *record = entries[i].record;
        hash_add(&hash, record, RECORD_BYTES);
        images->labels[i] = record[0];
        memcpy(images->pixels + i * IMAGE_BYTES, record + 1, IMAGE_BYTES);
    }
    hash_close(images->digest, &hash);
    if (strcmp(images->digest, source->digest) != 0)
        die(EXIT_INPUT,
            "%s/%s: not the records of CIFAR-10: digest %s, not %s (delete the folder "
            "and %s)",
            folder, source->files == 1 ? source->names[0] : "data_batch_{1..5}.bin",
            images->digest, source->digest, hint());
}

void cifar10_load(struct images *images, const char *folder, enum split split)
{
    const struct source *source = &sources[split];
    char paths[FILES_MOST][PATH_SIZE];
    char *bytes[FILES_MOST];

    // Sizes first: a file that is missing or cut short is found before any is read.
    for (size_t f = 0; f < source->files; ++f) {
        path_format(paths[f], "%s/%s", folder, source->names[f]);
        file_check_size(paths[f], file_size(paths[f], hint()));
    }
    size_t count = cifar10_count(split);
    struct entry *entries = malloc(count * sizeof *entries);
    if (!entries) die(EXIT_SYSTEM, "cifar10: no memory to sort %zu records", count);
    for (size_t f = 0; f < source->files; ++f)
        bytes[f] = file_add(entries + f * FILE_RECORDS, paths[f]);

    // Records with equal digests are equal, so the order is complete.
    qsort(entries, count, sizeof *entries, entry_compare);
    images_open(images, "cifar10", count, 0);
    entries_copy(images, entries, source, folder);
    // The analyser does not see that both loops run over the same files.
    // NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage)
    for (size_t f = 0; f < source->files; ++f) free(bytes[f]);
    free(entries);
}
