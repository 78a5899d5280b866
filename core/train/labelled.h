/// A fixed number of whole, labelled images on their way through a classifier, and all the memory that their
/// pass needs: the workspace of one thread, in finetuning and in evaluation.
#ifndef MASKBOOK_TRAIN_LABELLED_H
#define MASKBOOK_TRAIN_LABELLED_H

#include <stddef.h>
#include <stdint.h>

#include "core/data/images.h"
#include "core/model/classifier.h"

struct labelled {
    const struct classifier *classifier; ///< borrowed
    size_t images;                       ///< B
    struct arena
        arena; ///< holds what follows, first touched by the thread that uses it
    struct classifier_activations *activations;
    real *patches;   ///< (B,T,F) in [-1,1]
    uint8_t *labels; ///< (B)
    real *dlogits;   ///< (B,C)
};

/// Takes the memory for passes in `mode` over `images` images in `arithmetic`. Dies (EXIT_SYSTEM) when there is none.
void labelled_open(struct labelled *labelled, const struct classifier *classifier,
                   size_t images, enum arithmetic arithmetic, enum mode mode);

/// Place `place` becomes image `image` of the set, with its label.
void labelled_load(struct labelled *labelled, size_t place, const struct images *images,
                   uint32_t image);

/// Gives the memory back.
void labelled_close(struct labelled *labelled);

#endif
