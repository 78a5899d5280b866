# fault: partial correlations are plain ones
# file: core/stats/partial.c
# runner: stats
s/: -inverse\[0\]\[i\] \/ sqrt(inverse\[0\]\[0\] \* inverse\[i\]\[i\]);/: correlation[i];/
