# fault: without mixing the last token has no gradient
# file: core/model/block.c
# runner: model double block/*
s|identity_mixing_backward(&work->dqkv, &work->dmixed, R)|identity_mixing_backward(\&work->dqkv, \&work->dmixed, R - 1)|
