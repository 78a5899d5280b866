#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/train/rank_group.h"

// Set by mpirun. Each process would take itself for the only one.
static const char STARTED[] = "OMPI_COMM_WORLD_SIZE";

void rank_group_open(struct rank_group *ranks)
{
    const char *count = getenv(STARTED);
    if (count && strcmp(count, "1") != 0)
        die(EXIT_USAGE,
            "mpirun started %s of a program that is built for one (use `make pretrain "
            "RANKS=%s`)",
            count, count);
    *ranks = (struct rank_group){.count = 1};
}

void rank_group_close(const struct rank_group *ranks)
{
    (void)ranks;
}

void rank_group_broadcast(const struct rank_group *ranks, void *bytes, size_t size)
{
    (void)ranks, (void)bytes, (void)size;
}

void rank_group_share(const struct rank_group *ranks, void *bytes, const size_t *offset)
{
    (void)ranks, (void)bytes, (void)offset;
}

void rank_group_exchange(const struct rank_group *ranks,
                         const struct rank_message *messages, size_t count)
{
    (void)messages;
    require(ranks->count <= 1 && count == 0, "%zu messages of a rank that is alone",
            count);
}
