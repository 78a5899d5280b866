# fault: pretraining hides nothing: every patch is visible, and every patch is to be reconstructed
# file: core/train/pretrain.c
# runner: figures.sh
s/mask_visible(tokens, mask_ratio), hidden = tokens - visible/tokens, hidden = tokens/
s/\.mask_ratio = mask_ratio/.mask_ratio = 0 * mask_ratio/
s/batch->hidden = arena_take.*/batch->hidden = batch->visible;/
