/// What an experiment on a folder of photographs (DATA=imagefolder) is given: the folder that
/// IMAGENET_DIR names and the encoder that --weights names, noted so that a result goes stale with
/// them, and what speaks against comparing it with the paper's numbers.
#ifndef MASKBOOK_STUDY_FOLDER_STUDY_H
#define MASKBOOK_STUDY_FOLDER_STUDY_H

#include "core/analysis/feature_shards.h"
#include "core/data/imagefolder.h"
#include "core/model/vit_weights.h"
#include "core/report/run.h"

struct folder_study {
    struct imagefolder folder;
    struct vit_weights vit;
    float colours[3 * 256]; ///< colours_normalise
    size_t images[2];       ///< by enum split: all, or --images-per-class of the first
};

/// Opens and notes everything: names and sizes of the files, the weights' digest and naming, how
/// many images a class, the kernels. The files' contents are known when they have been read
/// (feature_shards.digest): one that is replaced by another of its name and size is not noticed.
/// Dies (EXIT_INPUT) when IMAGENET_DIR or --weights is not given, and as imagefolder_open and
/// vit_weights_open.
void folder_study_open(struct folder_study *study, struct run *run);

/// The values of the encoder's inputs, as in struct images.
const float *folder_values(const struct folder_study *study);

/// The crops of the first `count` images of a split (or all), for programs that need few of them;
/// freed by the caller. Dies (EXIT_INPUT), naming the file, when one cannot be decoded.
void folder_images(struct images *images, const struct folder_study *study,
                   enum split split, size_t count);

/// The shards of a split in RESULTS/TIER-DATA/features. `salt` (FOLDER_SALT) is filled and must
/// live as long as the source; `path` (PATH_SIZE) too.
enum { FOLDER_SALT = 256 };
struct shard_source folder_shards(const struct folder_study *study,
                                  const struct run *run, enum split split,
                                  int with_block, char salt[FOLDER_SALT],
                                  char path[PATH_SIZE]);

/// text (FOLDER_DOUBTS) = why no printed number is judged: "not ImageNet-1K: 3 classes", a subset,
/// epochs of the user's own, weights that are probably not the paper's; "" for none. Without a
/// decoder and under Facebook's names weights are believed.
enum { FOLDER_DOUBTS = 160 };
void folder_doubts(char text[FOLDER_DOUBTS], const struct folder_study *study,
                   const struct run *run);

/// Frees everything.
void folder_study_close(struct folder_study *study);

#endif
