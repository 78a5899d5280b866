# fault: the mid-p of McNemar's test counts the observed split whole
# file: core/stats/mcnemar.c
# runner: stats
s/both - point;/both;/
