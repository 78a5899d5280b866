# fault: what six heads gain over three is what three gain over six
# file: experiments/05-heads/heads.c
# runner: table2.sh
s/answers\[SIX_HEADS\]\[m\], &heads->answers\[THREE_HEADS\]/answers[THREE_HEADS][m], \&heads->answers[SIX_HEADS]/
