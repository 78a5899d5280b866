# fault: the fourth tile of C takes the rows of A that belong to the second
# file: core/linalg/gemm_tile_amx.c
# runner: linalg
s/AMX_MULTIPLY(3, 5, 7)/AMX_MULTIPLY(3, 4, 7)/
