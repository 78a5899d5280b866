# fault: every decoder token gets the class token's position
# file: core/model/decoder.c
# runner: model
s/decoder->positions + (t + 1) \* D;/decoder->positions + 0 * (t + 1) * D;/
