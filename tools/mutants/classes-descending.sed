# fault: labels count the classes of a folder from the last name
# file: core/data/imagefolder.c
# runner: data release imagefolder/*
s|return strcmp(\*(const char \*const \*)a, \*(const char \*const \*)b);|return strcmp(*(const char *const *)b, *(const char *const *)a);|
