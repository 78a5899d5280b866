# fault: scores are divided by the root of the width instead of the head's
# file: core/model/attention.c
# runner: model
s|1 / sqrt((real)d)|1 / sqrt((real)shape->width)|
