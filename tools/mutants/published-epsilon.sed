# fault: published ViTs are normalised with torch's default epsilon
# file: core/model/layernorm.c
# runner: analysis release published_encoder/*
s|LAYERNORM_PUBLISHED = 1e-6|LAYERNORM_PUBLISHED = 1e-5|
