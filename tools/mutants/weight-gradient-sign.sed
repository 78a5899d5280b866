# fault: the gradient of a linear layer's weight forgets all rows but the last piece
# file: core/model/linear.c
# runner: model double
s/accumulate || first > 0);/accumulate);/
