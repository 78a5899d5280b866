# fault: the gradient of a linear layer's bias has the wrong sign
# file: core/model/linear.c
# runner: model double
s/dbias\[i\] += dout/dbias[i] -= dout/
