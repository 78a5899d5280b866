# fault: the cubic of the resampler has a = -3/4 instead of Pillow's -1/2
# file: core/data/centre_crop.c
# runner: data release imagefolder/*
s|const double a = -.5;|const double a = -.75;|
