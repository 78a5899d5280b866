#include "core/train/shared_images.h"

void images_share(struct images *images, const char *data, enum split split,
                  const struct rank_group *ranks)
{
    size_t count = 0;
    if (rank_group_lead(ranks)) {
        images_load(images, data, split);
        count = images->count;
    }
    rank_group_broadcast(ranks, &count, sizeof count);
    if (!rank_group_lead(ranks)) images_open(images, data, count, 0);
    rank_group_broadcast(ranks, images->labels, count * sizeof *images->labels);
    rank_group_broadcast(ranks, images->pixels, count * IMAGE_BYTES);
    rank_group_broadcast(ranks, images->digest, sizeof images->digest);
}
