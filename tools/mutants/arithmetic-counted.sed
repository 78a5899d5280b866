# fault: subtractions of printed numbers are counted among the reproduced claims
# file: core/report/display.c
# runner: report
s/count += claim_is_arithmetic(&ledger->rows\[i\].claim) == arithmetic &&/count +=/
