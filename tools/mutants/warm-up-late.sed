# fault: the warm-up begins with an update of rate zero
# file: core/train/schedule.c
# runner: train
s/(epoch + step) \/ warmup/epoch \/ warmup/
