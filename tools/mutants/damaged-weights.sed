# fault: damaged weights are believed
# file: core/model/safetensors.c
# runner: model
s/if (strcmp(digest, recorded) == 0) return 1;/return 1;/
