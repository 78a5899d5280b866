# fault: the columns of Figure 3 are compared the wrong way round
# file: experiments/03-segmentation/columns.c
# runner: figures.sh
s/bootstrap_difference(&model, &both\[0\], n/bootstrap_difference(\&both[0], \&model, n/
