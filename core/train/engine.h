/// A pool of threads, and the gradient of a large batch on it with the same bits on any number of
/// threads. A batch is S fixed micro-batches. One thread computes a micro-batch from start to end
/// with single-threaded kernels and fixed shapes, and the gradients are reduced by a fixed binary
/// tree over the micro-batches' numbers, (((0+1)+(2+3))+...). The result does not depend on which
/// thread computed a micro-batch, or when.
#ifndef MASKBOOK_TRAIN_ENGINE_H
#define MASKBOOK_TRAIN_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#include "core/base/arena.h"
#include "core/base/real.h"
#include "core/train/rank_group.h"

/// Computes micro-batch number `micro_batch`: writes its gradient to `gradient` (count,
/// unspecified on entry) and returns its loss. `worker` is 0..threads-1, the calling thread, for
/// private workspace; the result must not depend on it.
typedef double micro_batch_function(real *gradient, size_t micro_batch, int worker,
                                    void *context);

struct engine; ///< threads, buffers and the tree

/// Starts `threads` workers (the caller is number 0) for batches of `micro_batches` micro-batches
/// (a power of two) and gradients of `count` numbers. micro_batches = 0: only a pool, for
/// pool_for. Memory: about log2(micro_batches) + threads gradients. Workers flush subnormal
/// numbers to zero, and so does the caller while it works here. Dies (EXIT_SYSTEM) when threads
/// or memory are refused.
struct engine *engine_open(int threads, size_t micro_batches, size_t count);

/// From now on the micro-batches are shared out to ranks (core/train/rank_tree.h): this one
/// computes its part, sends slices of its nodes to the ranks that finish them, and receives the
/// whole sum. Additions are the same, so are all bits, for any number of ranks and threads. `ranks`
/// is copied. In an update each rank sends count * (R-1)/R numbers of each of its nodes, then as
/// many again of the sum. Memory: a slice of every node. Contract: no gradient was computed yet,
/// R <= micro_batches.
void engine_share(struct engine *engine, const struct rank_group *ranks);

/// Computes every micro-batch and reduces the tree. Returns the loss, reduced by the same tree, and
/// points *gradient to the reduced gradient (count), valid until the next call. Both are plain
/// sums: micro-batches scale their own share.
double engine_gradient(const real **gradient, struct engine *engine,
                       micro_batch_function *compute, void *context);

/// Calls item(i, worker, context) once for every i < items, on any worker that is free, and returns
/// when all are done. Items write to disjoint memory. Contract: it is not called from an item.
void pool_for(struct engine *engine, size_t items,
              void (*item)(size_t i, int worker, void *context), void *context);

/// Splits [0, count) into one range per worker and calls part(first, last, context) on each; for
/// elementwise work whose bits do not depend on the split.
void pool_split(struct engine *engine, size_t count,
                void (*part)(size_t first, size_t last, void *context), void *context);

/// sum (count) += term (count): the addition of the tree.
void slab_add(real *restrict sum, const real *restrict term, size_t count);

/// Sets the order in which micro-batches are begun from now on: order (micro_batches), a
/// permutation, copied. No result depends on it; tests show that.
void engine_order(struct engine *engine, const size_t *order);

/// Stops the threads and frees the buffers.
void engine_close(struct engine *engine);

#endif
