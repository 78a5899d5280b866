# fault: the result of a finetuning is its best epoch on the test images
# file: core/train/finetune.c
# runner: train
s/outcome->accuracy = moment->accuracy;/if (!i || moment->accuracy > outcome->accuracy) outcome->accuracy = moment->accuracy;/
