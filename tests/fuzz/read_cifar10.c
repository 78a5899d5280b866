// The records of CIFAR-10. The file is zeros (of 30 MB; in MODE=fuzz of 12 kB), which the input
// changes: its first two bytes say by how much the size is wrong, then each three bytes are a
// place, in units that reach from end to end (in MODE=fuzz of one byte), and a byte for it. Nothing
// in the records is parsed but the labels, so the digest refuses what they let through.
#include "tests/fuzz/reader.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/data/cifar10.h"

enum { CHANGES = 64 };
static struct images images;

static const char *folder;
static off_t whole, unit; // bytes
static int file;

void reader_prepare(void)
{
    char path[PATH_SIZE];
    folder = input_folder("test_batch.bin");
    path_format(path, "%s/test_batch.bin", folder);
    file = open(path, O_RDWR | O_CLOEXEC);
    require(file >= 0, "no file");
    whole = (off_t)cifar10_count(SPLIT_TEST) * (1 + IMAGE_BYTES);
    unit = whole / (UINT16_MAX + 1) + 1;
}

int reader_try(const uint8_t *bytes, size_t size)
{
    const int wrong = size < 2 ? 0 : (int16_t)(bytes[0] | bytes[1] << 8);
    const off_t length = whole + wrong > 0 ? whole + wrong : 0;
    require(!ftruncate(file, 0) && !ftruncate(file, length), "no size");
    for (size_t i = 2; i + 2 < size && i < 3 * CHANGES; i += 3) {
        const off_t place = unit * (bytes[i] | bytes[i + 1] << 8) % whole;
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
