/// Forward passes of a trained model over many images on several threads. Images pass in chunks
/// of one fixed shape, the last chunk filled with copies of the last image, so that a result
/// depends neither on the number of threads nor on the number of images. The caller says what a
/// pass computes and what becomes of it: core/train/evaluate.h, encode.h, classify.h,
/// core/analysis/encoder_features.h.
#ifndef MASKBOOK_TRAIN_INFER_H
#define MASKBOOK_TRAIN_INFER_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/model/packed_weights.h"

enum { INFER_CHUNK = 16 }; ///< images per forward pass

/// One chunk, as an infer_function sees it.
struct infer_chunk {
    size_t first, count; ///< the images wanted are first .. first + count - 1
    size_t
        image[INFER_CHUNK]; ///< the images to compute: those, then copies of the last
    const struct packed_weights *weights; ///< in FP32; NULL without infer->parameters
    void *workspace;                      ///< of this worker
    int worker;                           ///< 0 .. threads-1
};

/// Computes a chunk. Called from several threads, once for each chunk, in any order: it writes
/// only to its images' results and its workspace. Returns 0, or 1 when some number is not finite.
typedef int infer_function(const struct infer_chunk *chunk, void *context);

struct infer {
    const struct parameters *parameters; ///< of the model; NULL: no weights to pack
    const real *weights;                 ///< (parameters->count), borrowed
    size_t images;
    int threads;
    const char *label; ///< of the progress line, "encode"; NULL: none
    /// Takes one worker's workspace from `arena`.
    void *(*workspace)(struct arena *arena, const void *context);
    infer_function *pass;
    void *context; ///< of workspace and pass
};

/// Calls pass for every chunk. Returns 0, or 1 when some call did. Dies (EXIT_SYSTEM) when
/// threads or memory are refused. Contract: there are images and threads.
int infer_run(const struct infer *infer);

#endif
