# fault: Assumption 4.1 is judged with original and reconstruction exchanged
# file: experiments/06-low-rank/measure.c
# runner: experiments/06-low-rank
s/profile->rank\[TRUTH\]\[t\], profile->rank\[PREDICTION\]\[t\], n/profile->rank[PREDICTION][t], profile->rank[TRUTH][t], n/
