# fault: partial finetuning leaves the class token's residual out
# file: core/analysis/last_block.c
# runner: analysis
s/pass->residual\[b \* D + i\] = (real)features\[b\]\[i\];/pass->residual[b * D + i] = 0 * (real)features[b][i];/
