# fault: a mask ratio of 0 is used, whatever was asked for
# file: core/data/masks.c
# runner: data
s/(1 - ratio)/(1 - 0 * ratio)/
