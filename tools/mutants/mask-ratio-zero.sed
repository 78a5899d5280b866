# fault: every mask is drawn with a ratio of 0
# file: core/data/masks.c
# runner: data
s/(1 - ratio)/(1 - 0 * ratio)/
