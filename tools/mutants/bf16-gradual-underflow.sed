# fault: bfloat16 products without tiles keep subnormal numbers that tiles flush to zero
# file: core/linalg/gemm_bf16.c
# runner: linalg
s/0x1f80 | _MM_FLUSH_ZERO_ON | 0x40/0x1f80/
