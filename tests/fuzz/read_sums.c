// The checksums of the weights that are shipped.
#include "tests/fuzz/reader.h"

#include <string.h>

#include "core/base/files.h"
#include "core/report/shipped.h"

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char path[PATH_SIZE];

void reader_prepare(void)
{
    path_format(path, "%s/m75-h3.safetensors", input_folder("SHA256SUMS"));
}

int reader_try(const uint8_t *bytes, size_t size)
{
    input_file(bytes, size);
    shipped_check(path, HEX);
    return 1;
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const char sums[] = HEX "  m75-h3.log.tsv\n" HEX "  m75-h3.safetensors\n";
    put("sums", sums, strlen(sums));
}
