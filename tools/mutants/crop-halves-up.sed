# fault: an offset of half a pixel goes up instead of to the even neighbour
# file: core/data/centre_crop.c
# runner: data release imagefolder/*
s|return n / 2 + (n % 2 \&\& n / 2 % 2);|return n / 2 + n % 2;|
