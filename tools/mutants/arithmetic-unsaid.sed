# fault: files say that they are of fp32 even if the training computed in bf16
# file: core/train/run_identity.c
# runner: train
s/{"arithmetic", identity->arithmetic}/{"arithmetic", "fp32"}/
