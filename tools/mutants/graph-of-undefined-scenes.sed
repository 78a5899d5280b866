# fault: scenes on which the paper's graph is not defined count for it
# file: experiments/07-spectral/graphs.c
# runner: experiments/07-spectral
s/if (rival == VIEW_PRODUCT_SIGNED && !graphs->defined\[i\]) continue;//
