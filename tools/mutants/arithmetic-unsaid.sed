# fault: files say that they are of fp32 whatever the training computed in
# file: core/train/checkpoint.c
# runner: train
s/{"arithmetic", identity->arithmetic}/{"arithmetic", "fp32"}/
