# fault: damaged weights are believed
# file: core/model/safetensors_parts.c
# runner: model
s/return strcmp(hex, recorded) == 0;/return recorded != NULL;/
