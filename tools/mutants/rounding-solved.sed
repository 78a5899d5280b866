# fault: the probe that is solved uses the direction that holds rounding alone
# file: core/analysis/whitening.c
# runner: analysis
s/WHITENING_SHARE \* largest/0 * largest/
