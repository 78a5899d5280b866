/// What a trainer that is another program starts from (tools/torch/train.py): the one table of
/// recipes, initial weights and images, as files.
#ifndef MASKBOOK_EXPERIMENTS_00_PRETRAIN_START_H
#define MASKBOOK_EXPERIMENTS_00_PRETRAIN_START_H

/// Does what the first argument asks for: `--print-recipe`, `--write-start=FOLDER` or
/// `--write-trace=FOLDER`, before the program's other options. Returns 0 when it is none of them,
/// else 1, when all is done. A second argument `--method=finetuned` or `--method=scratch` asks for
/// the finetuning of Table 2 in the place of the pretraining: from the weights of the pretraining
/// RUN that are made or shipped, or from random ones. Dies as run_options_read, images_load,
/// pretrained_open and the files do, and as run_die_without.
///     --print-recipe  recipe (recipe_text or finetune_text), data, seed, data_digest as lines of
///                     key and value; of a finetuning also folder, its place below
///                     RESULTS/TIER-DATA
///     --write-start   FOLDER/recipe.tsv, the same; initial.safetensors; train.npy (n,3072) u1; for
///                     whitened targets target-mean.npy (F) f8 and target-whiten.npy (F,F) f4; for
///                     a finetuning labels.npy (n) u1, test.npy (n,3072) u1, test-labels.npy (n) u1
///     --write-trace   these, and the first TRACE_UPDATES updates U as this program makes them in
///                     fp32: batches.npy (U,B) i4 numbers of images, masks.npy (U,B,T) u1 patches,
///                     visible ones first (none of a finetuning), losses.npy (U) f8, and
///                     after.safetensors
int start_asked(int argc, char **argv);

enum { TRACE_UPDATES = 20 };

#endif
