# fault: the result of a finetuning is its best epoch on the test images
# file: core/train/finetune.c
# runner: train
s/outcome->accuracy = line->accuracy;/if (!i || line->accuracy > outcome->accuracy) outcome->accuracy = line->accuracy;/
