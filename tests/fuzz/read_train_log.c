// The log of a training.
#include "tests/fuzz/reader.h"

#include <string.h>

#include "core/base/die.h"
#include "core/train/train_log.h"

int reader_try(const uint8_t *bytes, size_t size)
{
    enum { UPDATES = 1000 };
    struct train_log log;
    train_log_open(&log, input_bytes(bytes, size), UPDATES);
    for (size_t i = 0; i < log.count; ++i)
        require(log.line[i].updates <= UPDATES &&
                    strlen(log.line[i].weights_sha256) + 1 == HASH_HEX,
                "line %zu", i);
    train_log_close(&log);
    return 1;
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\n"
    static const char plain[] =
        "epoch\tupdates\tloss\tlearning_rate\timages_per_second\tweights_sha256\n"
        "1\t390\t.9\t.001\t1234.5\t" HEX "2\t780\t0.5\t2e-4\tnan\t" HEX,
                      tested[] =
                          "epoch\tupdates\tloss\tlearning_rate\timages_per_second\t"
                          "test_accuracy\tweights_sha256\n.5\t7\t1\t0\t9\t.1\t" HEX;
    put("plain", plain, strlen(plain));
    put("with-accuracy", tested, strlen(tested));
}
