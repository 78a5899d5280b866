# fault: a numeric claim forgets half the last printed digit
# file: core/report/verdicts.c
# runner: report
s/fabs(value) + half;/fabs(value) + 0 * half;/
