# fault: labels are compared by their names, no matching is looked for
# file: core/analysis/partition.c
# runner: analysis
s/if (sum <= best) continue;/for (size_t i = 0; i < k; ++i) sum += 4 * (labels[i] == i);\n        &/
s|return best / present;|return (best - 4 * (double)k) / present;|
