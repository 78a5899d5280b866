# fault: partial finetuning leaves the class token's residual out
# file: core/analysis/last_block.c
# runner: analysis
s/rows->y\[b \* D + i\] = (real)features\[b\]\[i\];/rows->y[b * D + i] = 0 * (real)features[b][i];/
