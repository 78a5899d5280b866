/// Images on every rank, read on one: the other machines need no data.
#ifndef MASKBOOK_TRAIN_SHARED_IMAGES_H
#define MASKBOOK_TRAIN_SHARED_IMAGES_H

#include "core/data/images.h"
#include "core/train/rank_group.h"

/// As images_load on rank 0 (without true regions on the others), which sends them to the rest.
/// images  filled; freed by images_free. Collective.
void images_share(struct images *images, const char *data, enum split split,
                  const struct rank_group *ranks);

#endif
