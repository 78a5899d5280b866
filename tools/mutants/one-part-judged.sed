# fault: the second part of a claim about trainings is not looked at
# file: experiments/10-token-mixing/judge.c
# runner: experiments/10-token-mixing
s/study_judge(study, control->id, found, control->count,/study_judge(study, control->id, found, 1,/
