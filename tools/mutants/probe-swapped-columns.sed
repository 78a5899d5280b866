# fault: the columns of Table 1 are compared the wrong way round
# file: experiments/04-probing/probes.c
# runner: table1.sh
s/gap->better\]/gap->swapped]/;s/gap->worse\]/gap->better]/;s/gap->swapped\]/gap->worse]/
