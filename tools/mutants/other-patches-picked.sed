# fault: the ranks of the same patches are those of other patches
# file: experiments/09-mask-ratio/ranks.c
# runner: experiments/09-mask-ratio
s/if (hidden\[r\] == wanted\[found\])/if (hidden[r] >= wanted[found])/
