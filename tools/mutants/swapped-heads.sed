# fault: the heads write their outputs in reverse order
# file: core/model/attention.c
# runner: model
s|^\( *\)column};$|\1D - D / shape->heads - column};|
