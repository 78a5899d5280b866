# fault: pretraining hides nothing: every patch is shown, and every patch is to be reconstructed
# file: core/train/shard.c
# runner: figures.sh
s/mask_visible(tokens, mask_ratio)/mask_visible(tokens, 0 * mask_ratio)/
s/visible < tokens/visible <= tokens/
s/hidden = tokens - visible/hidden = tokens/
s/shard->masked = arena_take.*/shard->masked = shard->shown;/
