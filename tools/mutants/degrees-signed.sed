# fault: pixels in [0,1] are not scaled before their graph is made
# file: experiments/07-spectral/measure.c
# runner: experiments/07-spectral
s/scaling == SCALING_UNIT ? (value + 1) \/ 2/scaling == SCALING_UNIT ? value/
