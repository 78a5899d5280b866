# fault: visible patches count as copied when their loss is below ten times the noise
# file: experiments/10-token-mixing/judge.c
# runner: experiments/10-token-mixing
s/noise = PLANTED_NOISE \* PLANTED_NOISE/noise = 10 * PLANTED_NOISE * PLANTED_NOISE/
