# fault: auto does not take bf16-dot where the CPU has its instruction
# file: core/linalg/arithmetic.c
# runner: linalg
# cpu: avx512_bf16
s/dot_available() ? BF16_DOT : FP32/FP32/
