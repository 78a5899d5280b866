# fault: Table 1's learning rates are chosen on the test images
# file: experiments/04-probing/jobs.c
# runner: table1.sh
s/test = set_part(train, 0, scale->held_out);/test = set_part(test, 0, test.features.images);/
