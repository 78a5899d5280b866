#include "core/study/shipped_finetuning.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/report/shipped.h"
#include "core/train/finetune_names.h"

// path (PATH_SIZE) = the shipped weights of a finetuning; returns 0 when there are none, or they
// are not to count.
static int finetuning_path(char path[PATH_SIZE], const struct run *run,
                           const char *method, const char *name, uint64_t seed)
{
    char file[FINETUNE_NAME];
    finetune_name(file, method, name, seed);
    return run->options.shipped_finetunings && shipped_weights(path, run, file);
}

int finetuning_find(char path[PATH_SIZE], char digest[HASH_HEX], const struct run *run,
                    const char *method, const char *name, uint64_t seed)
{
    if (!finetuning_path(path, run, method, name, seed)) return 0;
    shipped_check(digest, path);
    return 1;
}

int finetuning_shipped(struct finetune_outcome *outcome, const struct run *run,
                       const char *method, const struct finetune *settings)
{
    char path[PATH_SIZE], made[PATH_SIZE], digest[HASH_HEX];
    path_format(made, "%s/weights.safetensors", settings->folder);
    if (settings->force || file_kept(made) ||
        !finetuning_find(path, digest, run, method, settings->recipe.run,
                         settings->seed))
        return 0;
    const int same = finetune_read(
        outcome, settings, path,
        strcmp(run->options.arithmetic, tier_arithmetic(run->options.tier, NULL)) != 0);
    if (same && outcome)
        printf("%s: shipped, %" PRIu64 " updates\n", path, outcome->updates);
    return same;
}
