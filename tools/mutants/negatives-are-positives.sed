# fault: negatives of the contrastive loss are the positives
# file: core/analysis/contrastive.c
# runner: analysis release contrastive/*
s/found->repulsion = all_pairs(pairs->trunk, g, n, k, arena)/found->repulsion = paired(pairs->trunk, g, n, k)/
