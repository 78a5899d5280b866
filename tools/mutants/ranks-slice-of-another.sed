# fault: a rank finishes its slice and hands on that of another node
# file: core/train/rank_exchange.c
# runner: train release rank_exchange/*
s/memcpy(gradient + exchange->from, exchange->node\[0\],/memcpy(gradient + exchange->from, exchange->node[1],/
