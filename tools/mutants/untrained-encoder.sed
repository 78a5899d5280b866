# fault: Figure 3 clusters the tokens of initial weights in the trained model's column
# file: experiments/03-segmentation/columns.c
# runner: figures.sh
s/if (random) {/if (random || encoder == 0) {/
