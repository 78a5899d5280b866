# fault: any ratio, the ends too, may be the best between them
# file: experiments/09-mask-ratio/dial.c
# runner: experiments/09-mask-ratio
s/    size_t best = 1;/    size_t best = 0;/
