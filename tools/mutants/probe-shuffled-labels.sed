# fault: Table 1's images carry the labels of others
# file: experiments/04-probing/probes.c
# runner: table1.sh
/^    last_block_open(/i\    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)\n        for (size_t i = 0; i + 1 < study->images[split].count; ++i)\n            study->images[split].labels[i] = study->images[split].labels[i + 1];
