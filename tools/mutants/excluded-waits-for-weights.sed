# fault: a claim about other data is told to wait for weights
# file: core/report/record.c
# runner: report release need/*
s/excluded ? "" : reason/excluded ? reason : reason/
