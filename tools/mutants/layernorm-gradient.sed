# fault: a term of LayerNorm's backward pass has the wrong sign
# file: core/model/layernorm.c
# runner: model double
s/- xn\[i\] \* mean_gx/+ xn[i] * mean_gx/
