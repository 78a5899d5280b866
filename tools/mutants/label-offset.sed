# fault: every planted scene carries the next class's label
# file: core/data/planted.c
# runner: data
s/labels\[i\] = (uint16_t)scene.texture\[0\]/labels[i] = (uint16_t)((scene.texture[0] + 1) % 10)/
