# fault: Table 2's three heads are given the weights of six, and six those of three
# file: experiments/05-heads/arms.c
# runner: table2.sh
/input_images(run, SPLIT_TEST)/i\    real *three = study->arms[0].model.slab;\n    study->arms[0].model.slab = study->arms[1].model.slab;\n    study->arms[1].model.slab = three;
