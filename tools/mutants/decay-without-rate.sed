# fault: AdamW's weight decay is not scaled by the learning rate
# file: core/train/adamw.c
# runner: train
s/1 - lr \* settings->weight_decay/1 - settings->weight_decay/
