# fault: the fall of L_spec along a training is its rise
# file: experiments/07-spectral/measure.c
# runner: experiments/07-spectral
s/study_gap(study, first->spectral, last->spectral/study_gap(study, last->spectral, first->spectral/
