# fault: the columns of Table 1 are compared the wrong way round
# file: experiments/04-probing/trainings.c
# runner: table1.sh
s/all\[gap->better\].answers, &all\[gap->worse\].answers/all[gap->worse].answers, \&all[gap->better].answers/
