# fault: Hugging Face's keys and values change places
# file: core/model/vit_weights.c
# runner: analysis release published_encoder/*
s|{"query", "key", "value"}|{"query", "value", "key"}|
