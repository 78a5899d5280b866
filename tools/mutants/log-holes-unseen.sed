# fault: a training goes on although its log lacks lines
# file: core/train/train_loop.c
# runner: train
s/if (loop->log.count != lines)/if (loop->log.count > lines + 1000)/
