/// What a trainer that is another program starts from (tools/torch/pretrain.py): the one table of
/// recipes, initial weights and images, as files.
#ifndef MASKBOOK_EXPERIMENTS_00_PRETRAIN_START_H
#define MASKBOOK_EXPERIMENTS_00_PRETRAIN_START_H

/// Does what the first argument asks for: `--print-recipe`, `--write-start=FOLDER` or
/// `--write-trace=FOLDER`, before the program's other options. Returns 0 when it is none of them,
/// else 1, when all is done. Dies as run_options_read, images_load and the files do.
///     --print-recipe  recipe (recipe_text), data, seed, data_digest as lines of key and value
///     --write-start   FOLDER/recipe.tsv, the same; initial.safetensors; train.npy (n,3072) u1
///     --write-trace   these, and the first TRACE_UPDATES updates U as this program makes them in
///                     fp32: batches.npy (U,B) i4 numbers of images, masks.npy (U,B,T) u1 patches,
///                     visible ones first, losses.npy (U) f8, and after.safetensors
int start_asked(int argc, char **argv);

enum { TRACE_UPDATES = 20 };

#endif
