# fault: the heads write their outputs in reverse order
# file: core/model/attention.c
# runner: model
s/\*o = out + b \* T \* D + h \* d/*o = out + b * T * D + (H - 1 - h) * d/
