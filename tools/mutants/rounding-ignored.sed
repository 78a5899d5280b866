# fault: an identity is judged by the row's margin alone
# file: core/study/check.c
# runner: study release check/*
s/largest->value > found.rounding/largest->value > 0 \&\& !isfinite(largest->value)/
