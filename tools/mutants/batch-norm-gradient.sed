# fault: the gradient of batch normalisation over tokens forgets that the mean moves
# file: core/model/norm.c
# runner: model double norm/*
s| - sum / (real)tokens||
