# fault: the gap between finetuning and probing is that of other heads
# file: experiments/05-heads/heads.c
# runner: table2.sh
/heads->gap =/,/}/s/THREE_HEADS/SIX_HEADS/
