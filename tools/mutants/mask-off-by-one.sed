# fault: one visible patch too few
# file: core/data/masks.c
# runner: data
s/r < visible_count; ++r/r + 1 < visible_count; ++r/
