# fault: an encoder of four channels is read as one of colours
# file: core/model/vit_weights.c
# runner: model
s/mae->shape.channels != 3 || //
