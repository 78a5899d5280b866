# fault: features that should be rotated are left as they are
# file: core/analysis/rotated_probe.c
# runner: analysis release rotated_probe/*
s|rows_rotate(image, factor, rows|if (normals[0] > 1e9) rows_rotate(image, factor, rows|
