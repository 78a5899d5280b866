# fault: the gap between finetuning and probing is that of other heads
# file: experiments/05-heads/heads.c
# runner: table2.sh
s/heads->gap = answers_gain(&heads->answers\[THREE_HEADS\]/heads->gap = answers_gain(\&heads->answers[SIX_HEADS]/
