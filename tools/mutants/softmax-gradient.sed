# fault: softmax's backward pass forgets the sum over the row
# file: core/model/softmax.c
# runner: model double
s/(ds\[i + l\] - sum)/(ds[i + l] - sum * sum)/
