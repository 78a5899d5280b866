# fault: rank-one components are compared with the reconstruction's norm
# file: core/analysis/components.c
# runner: analysis
s/x->s\[i\] \* x->s\[i\]/y->s[i] * y->s[i]/
