# fault: Table 1's images carry the labels of others
# file: experiments/04-probing/seen.c
# runner: table1.sh
/^    last_block_open(/i\    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)\n        for (size_t i = 0; i + 1 < probing->images[split].count; ++i)\n            probing->images[split].labels[i] = probing->images[split].labels[i + 1];
