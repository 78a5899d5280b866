# fault: AdamW forgets to correct its first moment
# file: core/train/adamw.c
# runner: train
s|lr / (1 - pow(b1, (double)step))|lr / (1 - 0 * pow(b1, (double)step))|
