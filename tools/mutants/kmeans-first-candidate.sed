# fault: k-means++ takes the first candidate for a centre, not the best
# file: core/analysis/kmeans.c
# runner: analysis
s/2 + (size_t)log((double)shape->clusters)/1/
