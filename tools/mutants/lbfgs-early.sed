# fault: L-BFGS calls a thousand times the tolerated gradient converged
# file: core/analysis/lbfgs.c
# runner: analysis
s/if (outcome.gradient <= settings->tolerance)/if (outcome.gradient <= 1000 * settings->tolerance)/
