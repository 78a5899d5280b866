# fault: k-means++ draws by distance, not by squared distance
# file: core/analysis/kmeans.c
# runner: analysis
s/fmin(work->nearest\[i\], sum\[i\])/fmin(work->nearest[i], sqrt(sum[i]))/
