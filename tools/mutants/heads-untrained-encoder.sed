# fault: Table 2 probes and finetunes the weights that pretraining began with
# file: experiments/05-heads/arms.c
# runner: table2.sh
/input_model(&arm->model/a\        parameters_initialise(arm->model.slab, &arm->model.mae.parameters, run->seed);
