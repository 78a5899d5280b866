# fault: a finetuning counts as done whatever it was finetuned from
# file: core/train/finetune.c
# runner: train
s/settings->pretrained ? settings->pretrained->file\.digest : "random"/"weights"/
