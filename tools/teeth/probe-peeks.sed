# fault: Table 1's learning rates are chosen on the test images
# file: experiments/04-probing/jobs.c
# runner: table1.sh
s/test = part_of(train, 0, scale->held_out);/test = part_of(test, 0, test.features.images);/
