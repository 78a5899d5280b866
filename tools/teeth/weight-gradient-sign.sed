# fault: the gradient of a linear layer's weight has the wrong sign
# file: core/model/linear.c
# runner: model double
s/gemm(dlinear->weight, dout, TRANSPOSED, in, PLAIN,/gemm_strided(dlinear->weight, k, -1, dout, n, TRANSPOSED, in, k, PLAIN,/
