# fault: the cross-entropy's gradient takes every label for 0
# file: core/train/loss.c
# runner: train
s/(c == labels\[b\])/(c == 0)/
