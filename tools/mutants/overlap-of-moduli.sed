# fault: overlaps of singular vectors are taken with another component's
# file: experiments/06-low-rank/measure.c
# runner: experiments/06-low-rank
s/svd\[PREDICTION\].u\[row \* r + i\]/svd[PREDICTION].u[row * r + (i + 1) % r]/
