# fault: a head chooses a region by any attention at all
# file: experiments/10-token-mixing/heads.c
# runner: experiments/10-token-mixing
s/> \.5 \* total/> 0 * total/
