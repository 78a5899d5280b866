# fault: by AVX2, the two multiply-adds of a pair change places
# file: core/linalg/gemm_bf16_avx2.c
# runner: linalg
# cpu: avx2
s/_mm256_fmadd_ps(even, numbers.even\[v\],$/_mm256_fmadd_ps(odd, numbers.odd[v],/
s/_mm256_fmadd_ps(odd, numbers.odd\[v\], sum/_mm256_fmadd_ps(even, numbers.even[v], sum/
