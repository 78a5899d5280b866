# fault: a training whose loss does not fall is judged
# file: experiments/07-spectral/measure.c
# runner: experiments/07-spectral
s/if (to < from)$/if (to < 2 * from + 1)/
