# fault: the median of an even number of values is the lower one
# file: core/stats/summary.c
# runner: stats
s|workspace\[n / 2\], 0.5)|workspace[n / 2], 0.0)|
