# fault: a probe that diverges answers all the same
# file: core/analysis/probe.c
# runner: analysis
s/if (!isfinite(loss))/if (loss < 0)/
