# fault: a damaged file of features is used
# file: core/analysis/features.c
# runner: analysis
s/same = memcmp(map, header, HEADER) == 0;/same = memcmp(map, header, 200) == 0;/
