# fault: McNemar's test without the continuity correction
# file: core/stats/mcnemar.c
# runner: stats
s/fmax(0, distance - 1)/fmax(0, distance)/
