# fault: softmax's backward pass forgets the mean
# file: core/model/attention.c
# runner: model double
s/(ds\[i\] - mean)/(ds[i] - mean * mean)/
