# fault: the Rand index is not adjusted for chance
# file: core/analysis/partition.c
# runner: analysis
s/2\. \* (double)(together \* d - q \* r)/(double)(together + d)/
s/(double)(in_a \* (q + d) + in_b \* (r + d))/(double)(together + d + q + r)/
