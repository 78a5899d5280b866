# fault: the model without layer norm is judged as if it were the paper's
# file: experiments/10-token-mixing/judge.c
# runner: experiments/10-token-mixing
s/{ARM_PAPER, ARM_NO_NORM, SEGMENTS/{ARM_NO_NORM, ARM_PAPER, SEGMENTS/
