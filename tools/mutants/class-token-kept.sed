# fault: the class token is clustered in the place of the first patch
# file: core/analysis/token_sets.c
# runner: analysis
s/memcpy(set->values + i \* row, encoded + i \* (row + width) + width,/memcpy(set->values + i * row, encoded + i * (row + width),/
