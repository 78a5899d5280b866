# fault: Figure 3's maps are compared with true regions whose tokens come in reverse
# file: experiments/03-segmentation/columns.c
# runner: figures.sh
/segments_truth(scenes->truth/a\        for (size_t i = 0; i < count; ++i)\n            for (size_t t = 0; t < scenes->tokens / 2; ++t) {\n                uint8_t *map = scenes->truth + i * scenes->tokens, one = map[t];\n                map[t] = map[scenes->tokens - 1 - t];\n                map[scenes->tokens - 1 - t] = one;\n            }
