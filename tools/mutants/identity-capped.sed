# fault: a pilot caps an identity
# file: core/report/verdicts.c
# runner: report
s|if (kind_is(claim, "identity")) return verdict;|;|
