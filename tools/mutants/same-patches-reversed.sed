# fault: the rank of the same patches has to rise with the mask ratio
# file: experiments/09-mask-ratio/judge.c
# runner: experiments/09-mask-ratio
s|ranks->shared\[a\], ranks->shared\[a + 1\]|ranks->shared[a + 1], ranks->shared[a]|
