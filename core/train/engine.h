/// The gradient of a large batch on several threads, with the same bits on any number of them. A batch
/// is S fixed leaves; a leaf is computed from start to end by one thread with single-threaded kernels
/// and fixed shapes; leaf gradients are added by a fixed binary tree over leaf numbers
/// (((0+1)+(2+3))+...). Which thread computed a leaf, and when, cannot be seen in the result.
#ifndef MASKBOOK_TRAIN_ENGINE_H
#define MASKBOOK_TRAIN_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/real.h"

/// Computes one leaf: adds its gradient to `gradient` (count, zero on entry) and returns its loss.
/// `worker` is 0..threads-1, the calling thread, for private workspace; the result must not depend on it.
typedef double leaf_function(real *gradient, size_t leaf, int worker, void *context);

struct engine; ///< threads, buffers and the tree

/// Starts `threads` workers (the caller is one of them) for batches of `leaves` leaves (a power of two)
/// over slabs of `count` numbers. Memory: leaves * count reals. Dies (EXIT_SYSTEM) when threads or
/// memory are refused.
struct engine *engine_open(int threads, size_t leaves, size_t count);

/// Runs every leaf and folds the tree. Returns the loss folded by the same tree, and points *gradient
/// to the folded gradient (count), valid until the next call. Neither is divided by the number of
/// leaves: leaves scale themselves.
double engine_gradient(const real **gradient, struct engine *engine, leaf_function *leaf,
                       void *context);

/// Splits [0, count) into one range a worker and calls part(first, last, context) on each; for
/// elementwise work whose bits do not depend on the split.
void engine_share(struct engine *engine, void (*part)(size_t first, size_t last, void *context),
                  void *context);

/// Number of workers.
int engine_threads(const struct engine *engine);

/// Stops the threads and frees the buffers.
void engine_close(struct engine *engine);

#endif
