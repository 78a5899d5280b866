# fault: Table 2's training images carry the labels of others
# file: experiments/05-heads/arms.c
# runner: table2.sh
/images_load(&study->train/a\    for (size_t i = 0; i + 1 < study->train.count; ++i) study->train.labels[i] = study->train.labels[i + 1];
