# fault: a batch's loss is the sum of its micro-batches' losses, not their mean
# file: core/train/trainer.c
# runner: train
s/return loss \* (double)share/return loss/
