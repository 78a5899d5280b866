# fault: patches are numbered by columns
# file: core/data/patches.c
# runner: data
s|row = t / across \* p + i, column = t % across \* p|row = t % across * p + i, column = t / across * p|
