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

/// Computes one leaf: writes its gradient to `gradient` (count, unspecified on entry) and returns its loss.
/// `worker` is 0..threads-1, the calling thread, for private workspace; the result must not depend on it.
typedef double leaf_function(real *gradient, size_t leaf, int worker, void *context);

struct engine; ///< threads, buffers and the tree

/// Starts `threads` workers (the caller is number 0) for batches of `leaves` leaves (a power of two)
/// over slabs of `count` numbers; leaves = 0: threads only, for engine_each and engine_share. Memory:
/// about log2(leaves) + threads slabs are ever touched, though leaves * count reals of addresses are
/// reserved. Every worker computes with subnormal numbers flushed to zero, the caller too while it
/// works here. Dies (EXIT_SYSTEM) when threads or memory are refused.
struct engine *engine_open(int threads, size_t leaves, size_t count);

/// Runs every leaf and folds the tree. Returns the loss folded by the same tree, and points *gradient
/// to the folded gradient (count), valid until the next call. Neither is divided by the number of
/// leaves: leaves scale themselves.
double engine_gradient(const real **gradient, struct engine *engine,
                       leaf_function *leaf, void *context);

/// Splits [0, count) into one range a worker and calls part(first, last, context) on each; for
/// elementwise work whose bits do not depend on the split.
void engine_share(struct engine *engine,
                  void (*part)(size_t first, size_t last, void *context),
                  void *context);

/// Calls item(i, worker, context) once for every i < items, on whichever worker is free, and returns
/// when all are done. For work whose items write to places of their own.
void engine_each(struct engine *engine, size_t items,
                 void (*item)(size_t i, int worker, void *context), void *context);

/// The order in which leaves are begun from now on: order (leaves), a permutation, copied. It cannot
/// be seen in any result, which is what tests use it for.
void engine_order(struct engine *engine, const size_t *order);

/// Number of workers.
int engine_threads(const struct engine *engine);

/// Stops the threads and frees the buffers.
void engine_close(struct engine *engine);

#endif
