# fault: a finetuning counts as done whatever it was finetuned from
# file: core/train/finetune.c
# runner: train
/^static void identity_of/,/^}/s/images->count, start)/images->count, "weights")/
