# fault: Table 1 probes the encoder that pretraining began with
# file: experiments/04-probing/sets.c
# runner: table1.sh
s/source = {mae, model->slab,/source = {mae, initial,/
