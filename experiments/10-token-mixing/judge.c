#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/data/planted.h"
#include "core/stats/summary.h"
#include "core/study/judgement.h"
#include "core/study/results.h"
#include "experiments/10-token-mixing/arms.h"

// What the first training has over the second by one measure.
enum { PARTS = 3 };
struct part {
    int first, second;
    enum measure first_measure, second_measure;
};

struct control {
    const char *id;
    size_t count;
    struct part parts[PARTS];
};

static const struct control controls[] = {
    {"remark4.8.required",
     3,
     {{ARM_EVERY, ARM_PAPER, HIDDEN_LOSS, HIDDEN_LOSS},
      {ARM_PAPER, ARM_EVERY, SEGMENTS, SEGMENTS},
      {ARM_PAPER, ARM_EVERY, CLASS_PROBE, CLASS_PROBE}}},
    {"section4.3.equivalent.training",
     2,
     {{ARM_WHITENED, ARM_PAPER, SEGMENTS, SEGMENTS},
      {ARM_WHITENED, ARM_PAPER, CLASS_PROBE, CLASS_PROBE}}},
    {"section5.2.class-token", 1, {{ARM_PAPER, ARM_PAPER, ORACLE_PROBE, CLASS_PROBE}}},
    {"section5.3.token-mixing",
     2,
     {{ARM_PAPER, ARM_IDENTITY, CLASS_PROBE, CLASS_PROBE},
      {ARM_PAPER, ARM_IDENTITY, MEAN_PROBE, MEAN_PROBE}}},
    {"section5.3.heads-clusters",
     2,
     {{ARM_SIX_HEADS, ARM_PAPER, CLASS_PROBE, CLASS_PROBE},
      {ARM_SIX_HEADS, ARM_PAPER, HEAD_REGIONS, HEAD_REGIONS}}},
    {"abstract.layernorm",
     2,
     {{ARM_PAPER, ARM_NO_NORM, SEGMENTS, SEGMENTS},
      {ARM_PAPER, ARM_NO_NORM, CLASS_PROBE, CLASS_PROBE}}},
};

enum { NOTE = 160 }; // bytes of what a claim's finding says

// What stands next to a claim's numbers: another training's, by both measures of its features.
static void note_of(char note[NOTE], const struct arms *arms, const char *id)
{
    static const struct {
        const char *id, *what;
        int arm;
    } neighbour[] = {
        {"section4.3.equivalent.training", "targets normalised a patch",
         ARM_NORMALISED},
        {"abstract.layernorm", "batch norm over tokens", ARM_BATCH_NORM},
        {"section5.2.class-token", "of the same model", ARM_PAPER},
    };
    *note = 0;
    for (size_t b = 0; b < sizeof neighbour / sizeof *neighbour; ++b) {
        if (strcmp(neighbour[b].id, id) != 0) continue;
        size_t used = (size_t)snprintf(note, NOTE, "%s:", neighbour[b].what);
        for (int m = SEGMENTS; m <= MEAN_PROBE; ++m)
            used += (size_t)snprintf(
                note + used, NOTE - used, "%s %s %.1f", m > SEGMENTS ? "," : "",
                measure_names[m].name,
                arm_mean(arms, (size_t)neighbour[b].arm, (enum measure)m).value);
    }
}

// note = each part by its measure.
static void note_parts(char note[NOTE], const struct control *control,
                       const struct estimate *found)
{
    size_t used = 0;
    for (size_t p = 0; p < control->count; ++p)
        used += (size_t)snprintf(note + used, NOTE - used, "%s%s %+.1f [%.1f, %.1f]",
                                 p ? ", " : "",
                                 measure_names[control->parts[p].first_measure].name,
                                 found[p].value, found[p].low, found[p].high);
    require(used < NOTE, "a note of %zu letters", used);
}

static void judge(const struct arms *arms, const struct control *control)
{
    struct study *study = arms->study;
    struct estimate found[PARTS] = {{0}};
    char note[NOTE];
    for (size_t p = 0; p < control->count; ++p) {
        const struct part *part = &control->parts[p];
        // A loss is compared with that of the paper's training, in percent of it.
        const double factor = part->first_measure == HIDDEN_LOSS
                                  ? 100 / arm_mean(arms, ARM_PAPER, HIDDEN_LOSS).value
                                  : 1;
        found[p] = arms_difference(arms, (size_t)part->first, part->first_measure,
                                   (size_t)part->second, part->second_measure, factor);
        put_estimate(&study->run, NULL, found[p],
                     part->first_measure == HIDDEN_LOSS ? "percent" : "points",
                     "%s.part%zu", control->id, p + 1);
    }
    note_of(note, arms, control->id);
    if (!*note) note_parts(note, control, found);
    study_judge(study, control->id, found, control->count, (int)arms->scale.seeds,
                arms->scale.seeds == 1
                    ? "paired bootstrap over scenes of one seed, all parts"
                    : "paired bootstrap over scenes and seeds, all parts",
                "%s", note);
}

// Visible targets are copied when their loss is below the variance of the pixels' noise, which no
// other patch can tell; and tokens that copy segment no better than the patches, by less than half
// the effect.
static void judge_shortcut(const struct arms *arms)
{
    struct study *study = arms->study;
    const double effect = run_claim(&study->run, "remark4.8.shortcut").effect;
    const size_t count = arms->scale.seeds * arms->scale.scenes;
    const double noise = PLANTED_NOISE * PLANTED_NOISE;
    const double *const *visible = (const double *const *)arms->arm[ARM_VISIBLE].value;
    double *below = arena_doubles(&study->arena, count),
           *raw = arena_doubles(&study->arena, count);
    for (size_t i = 0; i < count; ++i) {
        below[i] = 100 * (1 - visible[VISIBLE_LOSS][i] / noise);
        raw[i] =
            effect + arms->raw_patches[i % arms->scale.scenes] - visible[SEGMENTS][i];
    }
    const struct estimate parts[2] = {arms_mean(arms, below), arms_mean(arms, raw)},
                          hidden = arms_difference(arms, ARM_PAPER, SEGMENTS,
                                                   ARM_VISIBLE, SEGMENTS, 1);
    put_estimate(&study->run, NULL, parts[0], "percent", "remark4.8.shortcut.part1");
    put_estimate(&study->run, NULL, parts[1], "points", "remark4.8.shortcut.part2");
    study_judge(study, "remark4.8.shortcut", parts, 2, (int)arms->scale.seeds,
                arms->scale.seeds == 1
                    ? "paired bootstrap over scenes of one seed, both parts"
                    : "paired bootstrap over scenes and seeds, both parts",
                "100 ARI of raw patches %.1f, of visible targets %.1f, of hidden ones "
                "%.1f more",
                mean(arms->raw_patches, arms->scale.scenes),
                arm_mean(arms, ARM_VISIBLE, SEGMENTS).value, hidden.value);
}

void arms_judge(const struct arms *arms)
{
    judge_shortcut(arms);
    for (size_t c = 0; c < sizeof controls / sizeof *controls; ++c)
        judge(arms, &controls[c]);
}
