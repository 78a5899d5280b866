# fault: the predictable part leaves out the covariance of the visible numbers
# file: core/analysis/predictable.c
# runner: analysis
s/cholesky_solve(weight + f \* n, factor, n);/(void)factor;/
