# fault: visible patches get the positions of others
# file: core/model/encoder.c
# runner: model
s/\*position = encoder->positions + t \* D/*position = encoder->positions + (t \& ~(size_t)1) * D/
