# fault: every epoch has the order of the first
# file: core/data/batches.c
# runner: data
s/rng_open(batches->seed, PURPOSE_ORDER, epoch, 0)/rng_open(batches->seed, PURPOSE_ORDER, 0, 0)/
