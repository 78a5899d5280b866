# fault: the whitened loss is not whitened
# file: core/analysis/contrastive.c
# runner: analysis release contrastive/*
s/found->whitened = paired(rest, solved, n, q)/found->whitened = paired(rest, rest, n, q)/
