# fault: the control trains the units of the perceptron that contribute least
# file: core/analysis/mlp_units.c
# runner: analysis
s/contribution\[j\] > contribution\[best\]/contribution[j] < contribution[best]/
