# fault: an ordering is reproduced as soon as it is positive
# file: core/report/verdicts.c
# runner: report
s|d->low > effect / 2|d->low > 0 * effect|
