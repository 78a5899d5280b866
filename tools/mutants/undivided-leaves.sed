# fault: a batch's loss is the sum of its leaves', not their mean
# file: core/train/descent.c
# runner: train
s/return loss \* (double)share/return loss/
