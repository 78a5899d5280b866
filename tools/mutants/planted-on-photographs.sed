# fault: a claim about planted scenes is judged on photographs
# file: core/report/claims.c
# runner: report
s|return "planted scenes only";|return NULL;|
