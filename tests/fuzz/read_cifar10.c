// The records of CIFAR-10. The file is 30 MB of zeros, which the input changes: its first two bytes
// say by how much the size is wrong, then each three bytes are a place, in units of 469 bytes (each
// of a record's bytes can be reached), and a byte for it. Nothing in the records is parsed but the
// labels, so the digest refuses what they let through.
#include "tests/fuzz/reader.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/data/cifar10.h"

enum { FILE_BYTES = 10000 * (1 + IMAGE_BYTES), UNIT = 469, CHANGES = 64 };
static struct images images;

static const char *folder;
static int file;

void reader_prepare(void)
{
    char path[PATH_SIZE];
    folder = input_folder("test_batch.bin");
    path_format(path, "%s/test_batch.bin", folder);
    file = open(path, O_RDWR | O_CLOEXEC);
    require(file >= 0, "no file");
}

int reader_try(const uint8_t *bytes, size_t size)
{
    const int wrong = size < 2 ? 0 : (int16_t)(bytes[0] | bytes[1] << 8);
    require(!ftruncate(file, 0) && !ftruncate(file, FILE_BYTES + wrong), "no size");
    for (size_t i = 2; i + 2 < size && i < 3 * CHANGES; i += 3) {
        off_t place = (off_t)UNIT * (bytes[i] | bytes[i + 1] << 8) % FILE_BYTES;
        require(pwrite(file, bytes + i + 2, 1, place) == 1, "no byte");
    }
    cifar10_load(&images, folder, SPLIT_TEST);
    return 1;
}

void reader_forget(void)
{
    images = (struct images){0};
}

// Only the official files are accepted, and they are not part of the suite.
void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    (void)put;
}
