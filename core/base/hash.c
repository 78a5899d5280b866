#include "core/base/hash.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"

static _Noreturn void refused(void)
{
    die(EXIT_SYSTEM, "libcrypto: refuses to compute a digest (check the installation)");
}

void hash_open(struct hash *hash)
{
    hash->context = EVP_MD_CTX_new();
    if (!hash->context || !EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL))
        refused();
}

void hash_add(struct hash *hash, const void *bytes, size_t size)
{
    if (!EVP_DigestUpdate(hash->context, bytes, size)) refused();
}

// digest = the raw bytes. Returns how many there are.
static unsigned hash_finish(unsigned char digest[EVP_MAX_MD_SIZE], struct hash *hash)
{
    unsigned size = 0;
    if (!EVP_DigestFinal_ex(hash->context, digest, &size)) refused();
    EVP_MD_CTX_free(hash->context);
    hash->context = NULL;
    return size;
}

void hash_hex(char *hex, const unsigned char *digest, size_t size)
{
    for (size_t i = 0; i < size; ++i) snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void hash_close(char hex[HASH_HEX], struct hash *hash)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = hash_finish(digest, hash);
    hash_hex(hex, digest, size);
}

void hash_bytes(char hex[HASH_HEX], const void *bytes, size_t size)
{
    struct hash hash;
    hash_open(&hash);
    hash_add(&hash, bytes, size);
    hash_close(hex, &hash);
}

void hash_raw(unsigned char digest[SHA256_BYTES], const void *bytes, size_t size)
{
    unsigned char longest[EVP_MAX_MD_SIZE];
    struct hash hash;
    hash_open(&hash);
    hash_add(&hash, bytes, size);
    hash_finish(longest, &hash);
    memcpy(digest, longest, SHA256_BYTES);
}

void hash_file(char hex[HASH_HEX], const char *path)
{
    unsigned char chunk[1 << 16];
    struct hash hash;
    FILE *file = fopen(path, "rbe");
    if (!file) die(unread_code(errno), "%s: %s", path, strerror(errno));
    hash_open(&hash);
    for (size_t n; (n = fread(chunk, 1, sizeof chunk, file)) > 0;)
        hash_add(&hash, chunk, n);
    if (ferror(file)) die(unread_code(errno), "%s: %s", path, strerror(errno));
    fclose(file);
    hash_close(hex, &hash);
}
