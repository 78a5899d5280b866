# fault: where the CPU has no VDPBF16PS, the two multiply-adds of a pair change places
# file: core/linalg/dot_tile.h
# runner: linalg
# cpu: avx512f
s/a.even, b.even, _mm512_fmadd_ps(a.odd, b.odd, sum)/a.odd, b.odd, _mm512_fmadd_ps(a.even, b.even, sum)/
