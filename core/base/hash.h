/// SHA-256 through libcrypto: names for data, weights and sources.
#ifndef MASKBOOK_BASE_HASH_H
#define MASKBOOK_BASE_HASH_H

#include <stddef.h>

enum {
    HASH_HEX = 65,    ///< bytes of a digest in hex with its final 0
    SHA256_BYTES = 32 ///< bytes of a raw SHA-256
};

/// A digest being computed; the pointer is libcrypto's.
struct hash {
    void *context;
};

/// Starts a digest. Dies (EXIT_SYSTEM) when libcrypto refuses.
void hash_open(struct hash *hash);

/// Adds `size` bytes.
void hash_add(struct hash *hash, const void *bytes, size_t size);

/// hex (HASH_HEX) = the digest in lower-case hex. Frees the state.
void hash_close(char hex[HASH_HEX], struct hash *hash);

/// hex (HASH_HEX) = SHA-256 of `size` bytes.
void hash_bytes(char hex[HASH_HEX], const void *bytes, size_t size);

/// digest (SHA256_BYTES) = SHA-256 of `size` bytes, as raw bytes.
void hash_raw(unsigned char digest[SHA256_BYTES], const void *bytes, size_t size);

/// hex (2 size + 1) = a digest of `size` raw bytes, in hexadecimal.
void hash_hex(char *hex, const unsigned char *digest, size_t size);

/// hex (HASH_HEX) = the digest of a file's contents. Dies (EXIT_INPUT) when it cannot be read.
void hash_file(char hex[HASH_HEX], const char *path);

#endif
