# fault: the bias of qkv is not added
# file: core/model/linear.c
# runner: analysis release published_encoder/*
s|if (linear->bias)|if (linear->bias \&\& n != 3 * k)|
