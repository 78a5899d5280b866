# fault: an image counts by the first seed's answer alone
# file: core/stats/accuracy.c
# runner: stats
s/answers->predicted\[s \* n + i\]/answers->predicted[i]/
