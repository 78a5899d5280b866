# fault: ranks that do not compute alike train together
# file: core/train/agreement.c
# runner: train release agreement/*
s/for (size_t r = 1; r < ranks; ++r)/for (size_t r = 1; r + 1 < ranks; ++r)/
