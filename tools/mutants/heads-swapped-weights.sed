# fault: Table 2's three heads are given the weights of six, and six those of three
# file: experiments/05-heads/heads.c
# runner: table2.sh
/heads->few = study->images/i\    real *three = study->model[0].slab;\n    study->model[0].slab = study->model[1].slab;\n    study->model[1].slab = three;
