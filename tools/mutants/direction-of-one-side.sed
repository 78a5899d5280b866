# fault: the slope of the linear predictor has to rise at both sides of patches
# file: experiments/02-rank-curves/judge.c
# runner: experiments/02-rank-curves
s|arms->side\[p\] == SIDE_OF_PAPER|arms->side[p] > 0|
