# fault: any ratio, the ends too, may be the best between them
# file: experiments/09-mask-ratio/dial.c
# runner: experiments/09-mask-ratio
s/    for (size_t m = 1; m + 1 < dial->ratio_count; ++m) {/    for (size_t m = 0; m < dial->ratio_count; ++m) {/
