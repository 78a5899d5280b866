# fault: the counter-example to "rising distances, so low rank" is itself of low rank
# file: experiments/02-rank-curves/readings.c
# runner: experiments/02-rank-curves
s/y\[i \* SIDE + i\] = x\[i \* SIDE + i\] + t/y[i * SIDE + i] = x[i * SIDE + i] * (1 + t)/
