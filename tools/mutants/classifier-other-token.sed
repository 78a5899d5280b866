# fault: the classifier reads the first patch's token instead of the class token
# file: core/model/classifier.c
# runner: model
s/encoder\.z + b \* row,/encoder.z + b * row + D,/
