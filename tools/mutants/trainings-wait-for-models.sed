# fault: small trainings wait for models that they do not read
# file: core/study/experiment.c
# runner: study release experiment/*
s/measures = complete || experiment->train;/measures = complete;/
