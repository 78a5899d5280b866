#include "core/base/hash.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/rng.h"
#include "tests/ending.h"
#include "tests/scratch.h"

TestSuite(hash, .init = scratch_make);

// FIPS 180-2, appendix B.
static const struct {
    const char *text, *hex;
} known[] = {
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
};

Test(hash, digests_are_the_published_ones)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; ++i) {
        struct hash hash;
        char hex[HASH_HEX];
        hash_open(&hash);
        for (const char *c = known[i].text; *c; ++c) hash_add(&hash, c, 1);
        hash_close(hex, &hash);
        cr_expect_str_eq(hex, known[i].hex);
    }
}

Test(hash, a_file_bytes_and_raw_digest_agree)
{
    enum { SIZE = 300001 }; // several chunks, the last one shorter
    static unsigned char bytes[SIZE];
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    for (int i = 0; i < SIZE; ++i) bytes[i] = (unsigned char)rng_bits(&rng);
    char path[PATH_SIZE], of_bytes[HASH_HEX], of_file[HASH_HEX], of_raw[HASH_HEX];
    scratch_path(path, "bytes");
    scratch_write(path, bytes, SIZE);
    hash_bytes(of_bytes, bytes, SIZE);
    hash_file(of_file, path);
    cr_expect_str_eq(of_file, of_bytes);

    unsigned char raw[SHA256_BYTES];
    hash_raw(raw, bytes, SIZE);
    for (int i = 0; i < SHA256_BYTES; ++i) snprintf(of_raw + 2 * i, 3, "%02x", raw[i]);
    cr_expect_str_eq(of_raw, of_bytes);

    bytes[SIZE - 1] ^= 1;
    hash_bytes(of_raw, bytes, SIZE);
    cr_expect_str_neq(of_raw, of_bytes);
}

static void hash_path(const void *path)
{
    char hex[HASH_HEX];
    hash_file(hex, path);
}

Test(hash, a_missing_file_or_a_folder_is_a_death)
{
    char path[PATH_SIZE];
    scratch_path(path, "missing");
    expect_death(__LINE__, hash_path, path, 3, "missing: No such file or directory\n");
    expect_death(__LINE__, hash_path, scratch_folder, 3, ": Is a directory\n");
}
