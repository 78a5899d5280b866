# fault: the standard error of a difference is that of one accuracy
# file: core/stats/accuracy.c
# runner: stats
s/a \* (1 - a) + b \* (1 - b)/a * (1 - a)/
