# fault: weights of a pilot earn full verdicts
# file: core/report/verdicts.c
# runner: report
s, || c->pilot),),
