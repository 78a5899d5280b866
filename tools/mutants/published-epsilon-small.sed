# fault: published ViTs are normalised with an epsilon of 1e-12, as Hugging Face's code has it
# file: core/model/layernorm.c
# runner: analysis release published_encoder/*
s|LAYERNORM_PUBLISHED = 1e-6|LAYERNORM_PUBLISHED = 1e-12|
