# fault: the products of bfloat16 without tiles keep subnormal numbers, where the tiles have zeros
# file: core/linalg/gemm_bf16.c
# runner: linalg
s/0x1f80 | _MM_FLUSH_ZERO_ON | 0x40/0x1f80/
