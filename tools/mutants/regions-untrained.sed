# fault: initial weights are compared with trained ones, not the other way round
# file: experiments/03-segmentation/contrast.c
# runner: figures.sh
s|trained.apart, initial.apart|initial.apart, trained.apart|
