// Small models trained on planted scenes that differ from one another in one thing, and what is
// measured of each.
#ifndef MASKBOOK_TOKEN_MIXING_ARMS_H
#define MASKBOOK_TOKEN_MIXING_ARMS_H

#include "core/study/experiment.h"

enum {
    ARM_PAPER, ///< hidden patches, raw pixels, layer norm, attention, 3 heads
    ARM_VISIBLE,
    ARM_EVERY,
    ARM_NORMALISED,
    ARM_WHITENED,
    ARM_NO_NORM,
    ARM_BATCH_NORM,
    ARM_IDENTITY,
    ARM_SIX_HEADS,
    ARMS
};

/// Of one scene.
enum measure {
    HIDDEN_LOSS,  ///< masked loss in the arm's own targets, percent of their variance
    VISIBLE_LOSS, ///< the same loss of visible patches, in the targets' own units
    SEGMENTS,     ///< 100 times the adjusted Rand index of K-means on encoder tokens
    CLASS_PROBE, ///< 100 where a linear probe of the class token finds the class, else 0
    MEAN_PROBE,  ///< the same of the mean patch token
    ORACLE_PROBE, ///< the same of the mean of the cluster that overlaps most with the object
    HEAD_REGIONS, ///< regions on which some head puts most of its attention, percent of all
    MEASURES
};

/// How a measure is called: in the results, in words, the scale that its column names, its unit.
extern const struct measure_names {
    const char *key, *name, *scale, *unit;
} measure_names[MEASURES];

struct arm {
    const char *key, *title, *run; ///< of the smoke tier's table of recipes
    double *value[MEASURES]; ///< (seeds,scenes); NULL where the arm is not measured so
};

/// How much is done at a tier.
struct arms_scale {
    size_t seeds, scenes, probe_train, restarts;
    double epochs; ///< of each training; 0: those of its recipe
};

struct arms {
    struct study *study;
    struct arms_scale scale;
    struct images images[2]; ///< by enum split
    uint8_t *truth[2];       ///< (n,T) regions, by enum split
    uint8_t *clusters[2];    ///< (n) how many, by enum split
    double *raw_patches;     ///< (scenes) SEGMENTS of the patches themselves
    struct arm arm[ARMS];
};

/// The recipe that an arm follows in this run.
struct recipe arm_recipe(const struct arms *arms, size_t arm);

/// Fixes how much is done, by the run's tier, SEEDS and EPOCHS.
void arms_open(struct arms *arms, struct study *study);

/// Makes the scenes, trains every arm with every seed, and measures.
void arms_measure(struct arms *arms);
void arms_close(struct arms *arms);

/// The mean of values (seeds,scenes), with its interval over both.
struct estimate arms_mean(const struct arms *arms, const double *values);

/// The mean of one measure of an arm.
struct estimate arm_mean(const struct arms *arms, size_t arm, enum measure measure);

/// The mean of factor * (measure `x` of arm a - measure `y` of arm b), paired in both ways.
struct estimate arms_difference(const struct arms *arms, size_t a, enum measure x,
                                size_t b, enum measure y, double factor);

/// Judges every claim about these trainings (judge.c).
void arms_judge(const struct arms *arms);

#endif
