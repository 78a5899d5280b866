# fault: the decoder uses the class token instead of the mask token
# file: core/model/decoder.c
# runner: figures.sh
s/row ? z_b + row \* D : decoder->mask_token/row ? z_b + row * D : z_b/
