# fault: an experiment takes weights of two updates for a whole training
# file: core/study/inputs.c
# runner: study
s/if (epochs < recipe->epochs)/if (epochs < 0)/
