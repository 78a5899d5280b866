# fault: the inks of CMYK are taken as they are stored
# file: core/data/photograph.c
# runner: data release imagefolder/*
s|ink = 255 - cmyk\[4 \* x + c\]|ink = cmyk[4 * x + c]|
