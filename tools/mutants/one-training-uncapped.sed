# fault: a claim that one training decides is more than a trend
# file: experiments/07-spectral/measure.c
# runner: experiments/07-spectral
s/study_judge(study, "theorem4.3.training", &fall, 1, 1, test,/study_judge(study, "theorem4.3.training", \&fall, 1, 0, test,/
