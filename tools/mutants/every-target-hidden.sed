# fault: a loss of all patches leaves the visible ones out
# file: core/train/pretrain.c
# runner: train release target/*
s/\[TARGET_EVERY\] = {pretrainer->every, batch->tokens}/[TARGET_EVERY] = {batch->hidden, batch->hidden_count}/
