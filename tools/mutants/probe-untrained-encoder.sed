# fault: Table 1 probes the encoder that pretraining began with
# file: experiments/04-probing/sets.c
# runner: table1.sh
s/^    last_block_open(.*/    parameters_initialise(model->slab, \&mae->parameters, run->seed);\n&/
