// The command line of an experiment; an input is its words, one a line.
#include "tests/fuzz/reader.h"

#include <string.h>

#include "core/base/die.h"
#include "core/report/run_options.h"

enum { WORDS = 32, TEXT = 4096 };

int reader_try(const uint8_t *bytes, size_t size)
{
    static char text[TEXT], *words[WORDS + 1];
    static char name[] = "example";
    if (size >= TEXT) return 0;
    memcpy(text, bytes, size);
    text[size] = 0;
    int count = 1;
    words[0] = name;
    for (char *at = text; at && count < WORDS;) words[count++] = strsep(&at, "\n");
    words[count] = NULL;

    struct run_options options;
    run_options_read(&options, name, count, words);
    require(options.threads >= 1 && options.threads <= 256 && options.seeds >= 0 &&
                options.seeds <= 1000 && options.epochs >= 0 && options.epochs <= 1e6 &&
                options.results && options.data && options.arithmetic,
            "options out of range");
    return 1;
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    static const char *const seeds[][2] = {
        {"smoke", "--tier=smoke\n--data=planted\n--run=m75-h3\n--seed=7"},
        {"desk", "--tier\ndesk\n--data\ncifar10\n--threads=2\n--arithmetic\nbf16-dot"},
        {"paper", "--tier=paper\n--seeds=3\n--epochs=.5\n--shipped=0\n--export=1"},
        {"results", "--force=1\n--results=/tmp/a b"},
    };
    for (size_t i = 0; i < sizeof seeds / sizeof *seeds; ++i)
        put(seeds[i][0], seeds[i][1], strlen(seeds[i][1]));
}
