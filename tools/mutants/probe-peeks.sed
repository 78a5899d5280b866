# fault: Table 1's learning rates are chosen on the test images
# file: experiments/04-probing/trainings.c
# runner: table1.sh
s/test = part_of(all, 0, probing->held_out);/test = features_seen(probing, configuration->seen, 0, SPLIT_TEST);/
