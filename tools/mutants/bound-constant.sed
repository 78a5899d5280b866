# fault: the constant of Theorem 4.3's bound counts N once
# file: core/analysis/token_graph.c
# runner: analysis release token_graph/*
s/root = 2 \* sqrt(squared_norm/root = sqrt(squared_norm/
