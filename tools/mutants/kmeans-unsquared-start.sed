# fault: k-means++ draws by distance, not by squared distance
# file: core/analysis/kmeans.c
# runner: analysis
s/fmin(work.nearest\[i\], work.distance\[i\])/fmin(work.nearest[i], sqrt(work.distance[i]))/
