# fault: Table 1 probes the encoder that pretraining began with
# file: experiments/04-probing/probes.c
# runner: table1.sh
/^    last_block_open(/i\    parameters_initialise(model->slab, \&model->mae.parameters, study->run.options.seed);
