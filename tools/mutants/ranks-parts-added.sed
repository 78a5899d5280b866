# fault: the ranks' parts are added in the order of the ranks, as MPI_SUM may do
# file: core/train/rank_exchange.c
# runner: train release rank_exchange/*
s/exchange->node\[sum.left\] + first, exchange->node\[sum.right\] + first,/exchange->node[sum.left * 0] + first, exchange->node[i + 1] + first,/
