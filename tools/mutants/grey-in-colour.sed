# fault: the grey image of the literal mean has colours
# file: experiments/02-rank-curves/readings.c
# runner: experiments/02-rank-curves
s/n == 0 && k % COLUMNS >= PIXELS/n == IMAGES/
