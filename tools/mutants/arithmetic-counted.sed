# fault: subtractions of printed numbers are counted among the reproduced claims
# file: core/report/display.c
# runner: report
s|claim) == arithmetic|claim) >= 0 * arithmetic|
