/// The trainings of Table 1. Each is a job of its own, on one thread from start to end, so that no bit depends
/// on how many threads there are.
#ifndef MASKBOOK_EXPERIMENTS_PROBING_JOBS_H
#define MASKBOOK_EXPERIMENTS_PROBING_JOBS_H

#include "experiments/04-probing/arms.h"

/// Chooses the rate of every arm of RATE_CHOSEN: each rate is tried for the search's epochs on the training images but
/// the first, and the arm takes the one that answers best on those first, of equals the lowest. The test
/// images are not looked at.
void jobs_search(struct study *study);

/// Trains every seed of every arm on all training images, and solves the others: answers, highest,
/// outcome, and the fold of the first BN+LP.
void jobs_train(struct study *study);

#endif
