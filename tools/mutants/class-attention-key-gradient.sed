# fault: the key projection's gradient takes the neighbouring head's query
# file: core/analysis/class_attention.c
# runner: analysis double
s/operand_a(attention->query + h \* d, D, TRANSPOSED)/operand_a(attention->query + (h + 1) % H * d, D, TRANSPOSED)/
