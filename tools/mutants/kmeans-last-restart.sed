# fault: the last restart of k-means is kept, not the best
# file: core/analysis/kmeans.c
# runner: analysis
s/if (!(sum < best)) continue;//
