# fault: evaluation normalises by the last batch instead of the running statistics
# file: core/analysis/batch_norm.c
# runner: analysis
s/const double BATCH_NORM_EPSILON = 1e-6, BATCH_NORM_MOMENTUM = .1;/const double BATCH_NORM_EPSILON = 1e-6, BATCH_NORM_MOMENTUM = 1;/
