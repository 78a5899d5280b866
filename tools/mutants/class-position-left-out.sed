# fault: the class token's position is not added to it
# file: core/model/vit_weights.c
# runner: analysis release published_encoder/*
s|cls_token\[i\] += all\[i\]|cls_token[i] += 0 * all[i]|
