# fault: the columns of Table 1 are compared the wrong way round
# file: experiments/04-probing/arms.c
# runner: table1.sh
s/accuracy_gain(better->right, worse->right/accuracy_gain(worse->right, better->right/
