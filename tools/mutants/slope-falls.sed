# fault: the slope has to fall with the mask ratio
# file: experiments/02-rank-curves/judge.c
# runner: experiments/02-rank-curves
s|&arms\[a - 1\].samples\[LEARNED\], &arms\[a\].samples\[LEARNED\], grouping|\&arms[a].samples[LEARNED], \&arms[a - 1].samples[LEARNED], grouping|
