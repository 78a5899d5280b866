# fault: the planes of a crop are blue, green and red
# file: core/data/centre_crop.c
# runner: data release imagefolder/*
s|crop\[(i % 3 \* side|crop[((2 - i % 3) * side|
