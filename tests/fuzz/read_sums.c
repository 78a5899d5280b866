// The checksums of the weights that are shipped.
#include "tests/fuzz/reader.h"

#include <string.h>

#include "core/base/files.h"
#include "core/report/shipped.h"

// The SHA-256 of the letter x, which is all that the weights hold.
#define HEX "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"

static char path[PATH_SIZE];

void reader_prepare(void)
{
    struct output output;
    path_format(path, "%s/m75-h3.safetensors", input_folder("SHA256SUMS"));
    output_open(&output, path);
    fputc('x', output.file);
    output_close(&output);
}

int reader_try(const uint8_t *bytes, size_t size)
{
    input_file(bytes, size);
    shipped_check(NULL, path);
    return 1;
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const char sums[] = HEX "  m75-h3.log.tsv\n" HEX "  m75-h3.safetensors\n";
    put("sums", sums, strlen(sums));
}
