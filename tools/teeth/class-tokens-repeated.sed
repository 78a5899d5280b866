# fault: every image of a pass gets the first one's class token
# file: core/analysis/class_tokens.c
# runner: analysis
s/z\[b \* (T + 1) \* D + i\]/z[i]/
