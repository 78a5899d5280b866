# fault: the head's gradient goes to the first patch's token
# file: core/model/classifier.c
# runner: model
s/activations->dz + b \* row,/activations->dz + b * row + D,/
