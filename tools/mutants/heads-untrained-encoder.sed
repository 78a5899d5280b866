# fault: Table 2 probes and finetunes the weights that pretraining began with
# file: experiments/05-heads/heads.c
# runner: table2.sh
/heads->few = study->images/i\    for (size_t model = 0; model < MODELS; ++model)\n        parameters_initialise(study->model[model].slab, \&study->model[model].mae.parameters, seed);
