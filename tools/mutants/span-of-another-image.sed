# fault: hidden tokens have to lie in the span of another image
# file: experiments/08-visible-tokens/judge.c
# runner: experiments/08-visible-tokens
s|study_gap(study, own, other, n)|study_gap(study, other, own, n)|
