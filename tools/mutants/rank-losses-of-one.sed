# fault: the loss of an update is that of the first rank's part
# file: core/train/rank_exchange.c
# runner: train release rank_exchange/*
s/exchange->loss\[tree->sum\[i\].left\] += exchange->loss\[tree->sum\[i\].right\];/(void)i;/
