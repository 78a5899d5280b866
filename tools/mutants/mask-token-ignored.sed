# fault: the decoder puts the class token in the place of every hidden patch
# file: core/model/decoder.c
# runner: figures.sh
s/row ? z_b + row \* D : decoder->mask_token/row ? z_b + row * D : z_b/
