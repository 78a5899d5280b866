# fault: by AVX2, the sums over the odd numbers of a block take the even ones of A
# file: core/linalg/gemm_bf16_avx2.c
# runner: linalg
# cpu: avx2
s/a_odd = odds(pair)/a_odd = evens(pair)/
