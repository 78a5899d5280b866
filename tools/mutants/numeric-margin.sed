# fault: a numeric claim forgets half the last printed digit
# file: core/report/verdicts.c
# runner: report
s/<= margin + half + slack/<= margin + 0 * half + slack/
