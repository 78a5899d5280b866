# fault: nearness is not taken away from what attention shares with similarity
# file: experiments/08-visible-tokens/tokens.c
# runner: experiments/08-visible-tokens
s/memcpy(column\[1 + CAUSE_NEARNESS\], tokens->nearness + i \* pairs,/memset(column[1 + CAUSE_NEARNESS], 0,/
