#include "core/train/agreement.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"

// What one rank says.
struct word {
    char host[256];
    char value[AGREEMENT_FACTS][AGREEMENT_VALUE];
};

static void compare(const struct word *word, size_t ranks,
                    const struct agreement_fact *fact, size_t count)
{
    for (size_t f = 0; f < count; ++f)
        for (size_t r = 1; r < ranks; ++r)
            if (strcmp(word[r].value[f], word[0].value[f]) != 0)
                die(EXIT_INPUT,
                    "rank %zu on %s: its %s is %s, that of rank 0 on %s is %s (all "
                    "ranks must run one program on CPUs of one kind)",
                    r, word[r].host, fact[f].what, word[r].value[f], word[0].host,
                    word[0].value[f]);
}

void ranks_agree(const struct rank_group *ranks, const struct agreement_fact *fact,
                 size_t count)
{
    if (ranks->count <= 1) return;
    const size_t R = (size_t)ranks->count;
    require(count <= AGREEMENT_FACTS, "%zu facts", count);
    struct word *word = calloc(R, sizeof *word);
    size_t *offset = calloc(R + 1, sizeof *offset);
    if (!word || !offset) die(EXIT_SYSTEM, "no memory to compare %zu ranks", R);
    struct word *mine = &word[ranks->rank];
    if (gethostname(mine->host, sizeof mine->host - 1)) strcpy(mine->host, "?");
    for (size_t f = 0; f < count; ++f) {
        require(strlen(fact[f].value) < AGREEMENT_VALUE, "%s is too long",
                fact[f].what);
        strcpy(mine->value[f], fact[f].value);
    }
    for (size_t r = 0; r <= R; ++r) offset[r] = r * sizeof *word;
    rank_group_share(ranks, word, offset);
    if (rank_group_lead(ranks)) compare(word, R, fact, count);
    // The others go on to what they do together next, and are ended there if rank 0 has died.
    free(word);
    free(offset);
}
