# fault: Table 1's images carry the labels of others
# file: experiments/04-probing/sets.c
# runner: table1.sh
/images_load(&sets->images\[SPLIT_TEST\]/a\    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)\n        for (size_t i = 0; i + 1 < sets->images[split].count; ++i)\n            sets->images[split].labels[i] = sets->images[split].labels[i + 1];
