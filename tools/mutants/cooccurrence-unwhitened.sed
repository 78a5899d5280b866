# fault: features of co-occurrence are not divided by how often a patch occurs
# file: core/analysis/cooccurrence.c
# runner: analysis
s/kept ? vectors\[i \* f + j\] \/ sqrt(values\[i\]) : 0/kept ? vectors[i * f + j] : 0/
