# fault: attention has to follow nearness more than similarity
# file: experiments/08-visible-tokens/judge.c
# runner: experiments/08-visible-tokens
s|study_gap(study, partial + CAUSE_SIMILARITY \* n,|study_gap(study, partial + CAUSE_NEARNESS * n,|
s|partial + CAUSE_NEARNESS \* n, n);|partial + CAUSE_SIMILARITY * n, n);|
