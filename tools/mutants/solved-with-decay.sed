# fault: the probe that is solved to convergence is regularised
# file: core/analysis/softmax_regression.c
# runner: analysis
s|gradient\[i\] /= (double)n;|gradient[i] = gradient[i] / (double)n + 1e-3 * weights[i];|
