# fault: finetuning begins with random weights whatever was pretrained
# file: core/train/finetune.c
# runner: train
s/if (settings->pretrained)$/if (!settings)/
