# fault: weights of a pilot earn full verdicts
# file: core/report/judge.c
# runner: report
s/planted || run->store->pilot/planted/
