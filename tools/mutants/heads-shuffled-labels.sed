# fault: Table 2's training images carry the labels of others
# file: experiments/05-heads/heads.c
# runner: table2.sh
/heads->few = study->images/i\    for (size_t i = 0; i + 1 < study->images[SPLIT_TRAIN].count; ++i)\n        study->images[SPLIT_TRAIN].labels[i] = study->images[SPLIT_TRAIN].labels[i + 1];
