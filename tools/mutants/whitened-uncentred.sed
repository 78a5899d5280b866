# fault: targets are whitened around 0 and not around their mean
# file: core/train/target.c
# runner: train release target/*
s/(real)((double)patch\[j\] - maker->mean\[j\])/(real)((double)patch[j])/
