/// The columns of Figure 3: what is clustered, from where in the network, and how it is prepared; and
/// the choice between the ways to do that, made on training scenes.
#ifndef MASKBOOK_EXPERIMENTS_SEGMENTATION_COLUMNS_H
#define MASKBOOK_EXPERIMENTS_SEGMENTATION_COLUMNS_H

#include "core/analysis/segments.h"
#include "core/model/weights.h"
#include "core/report/run.h"
#include "core/stats/summary.h"

enum { COLUMN_MAE, COLUMN_PATCHES, COLUMN_POSITIONS, COLUMN_RANDOM, COLUMNS };

enum {
    RESTARTS = 10,       ///< of K-means
    RANDOM_ENCODERS = 5, ///< with initial weights, averaged; their spread is noted
    CLUSTERS_UNKNOWN =
        3 ///< where no truth says how many: the mean of planted scenes' 2, 3, 4
};

/// Where in the encoder tokens are taken, as a share of its depth.
enum depth {
    DEPTH_EMBEDDING,
    DEPTH_QUARTER,
    DEPTH_HALF,
    DEPTH_THREE_QUARTERS,
    DEPTH_LAST, ///< after the last block
    DEPTH_NORM, ///< after the final norm: the encoder's output
    DEPTHS
};

/// "final norm", say; static storage.
const char *depth_name(enum depth depth);

struct method {
    enum depth depth; ///< of the encoders' columns
    enum normalisation normalisation;
};

struct column {
    const char *key, *title;
    struct method method;
    uint8_t *maps;     ///< (n,T) clusters; of the first of several encoders
    double *ari, *iou; ///< (n) agreement, averaged over encoders
    double encoder[RANDOM_ENCODERS]; ///< mean ARI of each encoder
    struct estimate mean_ari, mean_iou;
    struct estimate gap; ///< the model's ARI minus this column's
};

/// The four columns with the methods that the claim is judged by.
extern const struct column columns_fixed[COLUMNS];

/// Whether a column's features come from an encoder.
int column_encodes(int which);

/// What columns are made from.
struct source {
    const struct weights *model;
    const struct images *images;
    size_t count;            ///< n, the first images
    const uint8_t *clusters; ///< (n)
    uint64_t seed;
    int threads;
};

/// set = what column `which` clusters, in `arena`. depth counts for the encoders; `encoder` 0.. numbers
/// the random ones, whose initial weights come from seed + encoder.
void column_tokens(struct token_set *set, int which, enum depth depth,
                   const struct source *source, uint64_t encoder, struct arena *arena);

/// maps (n,T) = the clusters of these tokens, source->clusters for each image.
void column_maps(uint8_t *maps, const struct token_set *set,
                 enum normalisation normalisation, const struct source *source);

/// The standard deviation of the mean ARIs of the encoders with initial weights.
double encoder_spread(const double score[RANDOM_ENCODERS]);

/// All that is found.
struct figure {
    struct column columns[COLUMNS];
    struct source source;
    size_t tokens;
    int known;         ///< nonzero where the true regions are known
    uint8_t *clusters; ///< (n) how many clusters each image is cut into
    uint8_t
        *truth; ///< (n,T) true regions; where there are none, the model's own clusters
};

/// Bytes of arena that a figure of `count` images takes and, beside it, the choice on `choice` images.
size_t figure_bytes(const struct weights *model, size_t count, size_t choice);

/// The first `count` images (or all), how many clusters each is cut into, and where they are known the
/// true regions.
void figure_open(struct figure *figure, const struct weights *model,
                 const struct images *images, size_t count, const struct run *run,
                 struct arena *arena);

/// The maps of one column, in the fixed way, and their agreement with the truth, averaged over its
/// encoders. The model's column comes first: where no truth is known, its maps take that place.
void figure_measure(struct figure *figure, int which, const struct run *run,
                    struct arena *arena);

/// Means over images with their intervals, and the model's lead over each control, image by image.
void figure_summarise(struct figure *figure, uint64_t seed);

/// Every way to make each column, on training scenes whose regions are known: mean ARI, into result.tsv
/// (choice.COLUMN.DEPTH.NORMALISATION) and choice.md, where the fixed ways are marked.
void choice_emit(struct run *run, const struct source *source, const uint8_t *truth,
                 struct arena *arena);

#endif
