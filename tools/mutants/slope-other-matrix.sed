# fault: the slope of the 2x2 patches is that of the model's patches
# file: core/analysis/rank_curves.c
# runner: analysis
s|samples->relative\[grouping\]\[i\]|samples->relative[grouping / GROUPINGS][i]|
