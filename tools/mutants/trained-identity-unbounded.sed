# fault: the repaired theorem on a trained model is not held to rounding
# file: experiments/07-spectral/measure.c
# runner: experiments/07-spectral
s/given->residual > given->rounding/given->residual > 1 + given->rounding/
