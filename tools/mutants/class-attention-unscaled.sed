# fault: absorbed attention forgets the square root of the heads' width
# file: core/analysis/class_attention.c
# runner: analysis
s/q\[i\] \*= scale;/q[i] *= 1 + 0 * scale;/
