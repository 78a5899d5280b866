# fault: a training goes on beside a log with lines missing
# file: core/train/train_loop.c
# runner: train
s/if (loop->log.count != lines)/if (loop->log.count > lines + 1000)/
