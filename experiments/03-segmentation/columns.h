/// The columns of Figure 3: what is clustered, from where in the network, and how it is prepared;
/// and how the figure is shown.
#ifndef MASKBOOK_EXPERIMENTS_SEGMENTATION_COLUMNS_H
#define MASKBOOK_EXPERIMENTS_SEGMENTATION_COLUMNS_H

#include "core/analysis/depth.h"
#include "core/analysis/segments.h"
#include "core/study/experiment.h"

enum { COLUMN_MAE, COLUMN_PATCHES, COLUMN_POSITIONS, COLUMN_RANDOM, COLUMNS };

enum { RANDOM_ENCODERS = 5 }; ///< with initial weights, averaged; their spread is noted

/// Images, and what is known of their regions.
struct scenes {
    const struct weights *model;
    const struct images *images;
    size_t count, tokens; ///< n, the first of the images, and T
    uint8_t *clusters;    ///< (n) how many clusters each image is cut into
    uint8_t *truth;       ///< (n,T) true regions; NULL where nobody knows them
    uint64_t seed;
    int threads;
};

/// The first `count` images of a split (or all). Nothing but the model's own maps says how many
/// regions a photograph has: it is cut into 3, the mean of the planted scenes' 2, 3 and 4.
void scenes_open(struct scenes *scenes, struct study *study, enum split split,
                 size_t count);

struct column {
    const char *key, *title;

    /// The way that the claim is judged by; the depth counts for encoders.
    enum depth depth;
    enum normalisation normalisation;

    uint8_t *maps;     ///< (n,T) clusters; of the first of several encoders
    double *ari, *iou; ///< (n) agreement, averaged over encoders
    double encoder[RANDOM_ENCODERS]; ///< mean ARI of each encoder
    struct estimate mean_ari, mean_iou;
    struct estimate gap; ///< the model's ARI minus this column's
};

/// The four columns, nothing measured yet.
extern const struct column columns_fixed[COLUMNS];

/// Whether a column's tokens come from an encoder.
int column_encodes(int which);

/// set = what column `which` clusters, in `arena`. depth counts for the encoders; `encoder` 0..
/// numbers the random ones, whose initial weights come from seed + encoder. Dies (EXIT_INPUT) when
/// they are not finite.
void column_tokens(struct token_set *set, int which, enum depth depth,
                   const struct scenes *scenes, uint64_t encoder, struct arena *arena);

/// Clusters a set and returns the mean ARI of its maps with others.
/// maps (n,T)    scenes->clusters of each image
/// ari, iou (n)  agreement with `truth` (n,T), NULL: with the maps themselves; iou NULL: not wanted
double column_cluster(uint8_t *maps, double *ari, double *iou,
                      const struct token_set *set, enum normalisation normalisation,
                      const struct scenes *scenes, const uint8_t *truth);

/// All that is found.
struct figure {
    struct scenes scenes;
    struct column columns[COLUMNS];
};

/// What the maps are compared with: the true regions, or else the model's own maps.
const uint8_t *figure_truth(const struct figure *figure);

/// The maps of one column, in the fixed way, and their agreement with the truth, averaged over its
/// encoders. Where nobody knows the truth, the model's column comes first.
void figure_measure(struct figure *figure, int which, struct study *study);

// ====== Results ======

/// Agreement of every column: result.tsv, stdout, segments.md.
void emit_scores(struct study *study, const struct figure *figure);

/// figure3.tsv, the panel of pixels and the picture made of both; the caption names the images.
void emit_figure3(struct study *study, const struct figure *figure);

/// Dies (EXIT_INPUT) where images of this side cannot be drawn: before hours of work.
void figure3_ready(const struct images *images);

/// Every way to make each column, on training scenes whose regions are known: mean ARI, into
/// result.tsv (choice.COLUMN.DEPTH.NORMALISATION) and choice.md, where the fixed ways are marked.
void emit_choice(struct study *study, const struct scenes *scenes);

/// All that another program needs to find the same numbers: export/clusters.npy (n) u1, truth (n,T)
/// u1 (where it is known), COLUMN-maps (n,T) u1, COLUMN-ari and COLUMN-iou (n) f8 of these maps,
/// COLUMN-tokens (n,T,D) f4: what a column clusters, before it is normalised. Of the random
/// encoders maps and tokens are the first one's; random-mean-ari and random-mean-iou (n) are over
/// all.
void export_columns(struct study *study, const struct figure *figure);

/// Judges, where the truth is known, whether training has drawn tokens of one region together and
/// those of different regions apart; contrast.md, result.tsv.
void judge_contrast(struct study *study, const struct scenes *scenes);

#endif
