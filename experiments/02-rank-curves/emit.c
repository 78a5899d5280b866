#include "experiments/02-rank-curves/emit.h"

#include <stdio.h>

#include "core/base/tsv.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/study/results.h"

static const struct {
    const char *key, *label, *suffix;
    unsigned lines; // bits of enum rank_line
} predictors[CURVES] = {{"", "", "", (1u << RANK_LINES) - 1},
                        {"linear-", "linear, ", "-linear",
                         1u << RANK_MEDIAN | 1u << RANK_RATIO | 1u << RANK_SPECTRAL |
                             1u << RANK_MEDIAN_2X2},
                        {"linear-other-", "linear, other patch side, ", "-linear-other",
                         1u << RANK_MEDIAN | 1u << RANK_RATIO | 1u << RANK_SPECTRAL},
                        {"shared-", "model, the rivals' images, ", "",
                         1u << RANK_MEDIAN | 1u << RANK_RATIO}};

// One line of one arm: a row of the table, and a result for each component.
static void emit_line(struct run *run, struct table *table, const struct arm *arm,
                      int predictor, enum rank_line line)
{
    char cell[2 + COMPONENTS][NUMBER_TEXT];
    const char *row[2 + COMPONENTS];
    snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
    snprintf(cell[1], NUMBER_TEXT, "%s%s", predictors[predictor].label,
             rank_line_label[line]);
    for (size_t i = 0; i < COMPONENTS; ++i) {
        const struct estimate found = arm->curve[predictor].line[line][i];
        put_estimate(run, NULL, found, "1", "%s.%s%s.d%zu", arm->name,
                     predictors[predictor].key, rank_line_key[line], i + 1);
        number_text(cell[2 + i], found.value);
    }
    for (size_t c = 0; c < 2 + COMPONENTS; ++c) row[c] = cell[c];
    table_row(table, row);
}

// The slopes that are judged or drawn: of which curve, in which grouping.
static const struct {
    int predictor;
    enum grouping grouping;
    const char *key, *label;
} slopes[] = {
    {LEARNED, GROUPING_HIDDEN, "slope", "model"},
    {LEARNED, GROUPING_QUARTERS, "slope-2x2", "model, 2x2"},
    {LEARNED, GROUPING_WHOLE, "slope-whole", "model, whole image"},
    {LINEAR, GROUPING_HIDDEN, "linear-slope", "linear"},
    {LINEAR, GROUPING_QUARTERS, "linear-slope-2x2", "linear, 2x2"},
    {LINEAR, GROUPING_WHOLE, "linear-slope-whole", "linear, whole image"},
    {OTHER_SIDE, GROUPING_HIDDEN, "linear-other-slope", "linear, other side"}};
enum { SLOPES = sizeof slopes / sizeof *slopes };

static const struct estimate *slope_of(const struct arm *arm, size_t which)
{
    return &arm->curve[slopes[which].predictor].slope[slopes[which].grouping];
}

static void emit_slopes(struct run *run, const struct arm *arms)
{
    struct table table;
    char cell[1 + SLOPES][NUMBER_TEXT], about[256];
    const char *row[1 + SLOPES];
    for (size_t c = 0; c < 1 + SLOPES; ++c) row[c] = c ? slopes[c - 1].label : "mask";
    table_open(&table, 1 + SLOPES, row);
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
        for (size_t s = 0; s < SLOPES; ++s)
            put_estimate(run, cell[1 + s], *slope_of(arm, s), "1", "%s.%s", arm->name,
                         slopes[s].key);
        for (size_t c = 0; c < 1 + SLOPES; ++c) row[c] = cell[c];
        table_row(&table, row);
    }
    snprintf(about, sizeof about,
             "Slope of the medians over i. Patches of side %d, of the other side %d; "
             "2x2: the same hidden pixels as patches of side 2; whole image: all "
             "patches, the visible ones as in the original.",
             arms->side[LEARNED], arms->side[OTHER_SIDE]);
    run_table(run, "slopes.md", about, &table, "");
    table_close(&table);
}

static void emit_losses(struct run *run, const struct arm *arms)
{
    struct table table;
    char cell[6][NUMBER_TEXT], about[192];
    table_open(&table, 6,
               (const char *const[]){"mask", "masked loss", "of the linear predictor",
                                     "effective rank, original", "model", "linear"});
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm) {
        snprintf(cell[0], NUMBER_TEXT, "%.0f %%", 100 * arm->ratio);
        put_estimate(run, cell[1], arm->loss[LEARNED], "1", "%s.loss", arm->name);
        put_estimate(run, cell[2], arm->loss[LINEAR], "1", "%s.linear-loss", arm->name);
        put_estimate(run, cell[3], arm->rank[0], "1", "%s.rank-original", arm->name);
        put_estimate(run, cell[4], arm->rank[1 + LEARNED], "1", "%s.rank", arm->name);
        put_estimate(run, cell[5], arm->rank[1 + LINEAR], "1", "%s.linear-rank",
                     arm->name);
        put_estimate(run, NULL, arm->rank[1 + OTHER_SIDE], "1", "%s.linear-other-rank",
                     arm->name);
        table_row(&table, (const char *const[]){cell[0], cell[1], cell[2], cell[3],
                                                cell[4], cell[5]});
    }
    snprintf(about, sizeof about,
             "Masked loss, squared in [-1,1], and effective rank of hidden patches, "
             "first %zu test images.",
             arms->loss[LINEAR].n);
    run_table(run, "losses.md", about, &table, "");
    table_close(&table);
}

void emit_curves(struct run *run, const struct arm *arms)
{
    struct table lines;
    table_open(
        &lines, 7,
        (const char *const[]){"mask", "|D_i|^2 / s_i^2", "i = 1", "2", "3", "4", "5"});
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (int p = 0; p < CURVES; ++p)
            for (int line = 0; line < RANK_LINES; ++line)
                if (predictors[p].lines >> line & 1)
                    emit_line(run, &lines, arm, p, line);
    run_table(run, "curves.md", "", &lines, "");
    table_close(&lines);
    emit_losses(run, arms);
    emit_slopes(run, arms);
}

// The columns of figure2.tsv that are lines of curves; the first two have intervals.
static const struct {
    const char *name;
    int predictor;
    enum rank_line line;
} drawn[] = {{"median", LEARNED, RANK_MEDIAN},
             {"ratio", LEARNED, RANK_RATIO},
             {"spectral", LEARNED, RANK_SPECTRAL},
             {"quarters", LEARNED, RANK_MEDIAN_2X2},
             {"linear_median", LINEAR, RANK_MEDIAN},
             {"linear_ratio", LINEAR, RANK_RATIO},
             {"linear_spectral", LINEAR, RANK_SPECTRAL},
             {"linear_quarters", LINEAR, RANK_MEDIAN_2X2},
             {"other_median", OTHER_SIDE, RANK_MEDIAN},
             {"shared_median", LEARNED_SHARED, RANK_MEDIAN},
             {"shared_ratio", LEARNED_SHARED, RANK_RATIO},
             {"shared_spectral", LEARNED_SHARED, RANK_SPECTRAL},
             {"shared_quarters", LEARNED_SHARED, RANK_MEDIAN_2X2}};
enum { DRAWN = sizeof drawn / sizeof *drawn };

// value, value_low and value_high of one column.
static void put_interval(FILE *file, const struct estimate *found)
{
    tsv_put_number(file, found->value, '\t');
    tsv_put_number(file, found->low, '\t');
    tsv_put_number(file, found->high, '\t');
}

void emit_figure2(struct study *study, const struct arm *arms)
{
    char path[PATH_SIZE], caption[768];
    struct output output;
    run_path(path, &study->run, "figure2.tsv");
    output_open(&output, path);
    for (size_t c = 0; c < DRAWN; ++c)
        fprintf(output.file, "%s\t%s_low\t%s_high\t", drawn[c].name, drawn[c].name,
                drawn[c].name);
    for (size_t s = 0; s < SLOPES; ++s)
        fprintf(output.file, "%s\t%s_low\t%s_high\t", slopes[s].key, slopes[s].key,
                slopes[s].key);
    fputs("side\tother_side\tmask_ratio\tcomponent\n", output.file);
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (size_t i = 0; i < COMPONENTS; ++i) {
            for (size_t c = 0; c < DRAWN; ++c)
                put_interval(output.file,
                             &arm->curve[drawn[c].predictor].line[drawn[c].line][i]);
            for (size_t s = 0; s < SLOPES; ++s)
                put_interval(output.file, slope_of(arm, s));
            tsv_put_number(output.file, arm->side[LEARNED], '\t');
            tsv_put_number(output.file, arm->side[OTHER_SIDE], '\t');
            tsv_put_number(output.file, arm->ratio, '\t');
            tsv_put_number(output.file, (double)(i + 1), '\n');
        }
    output_close(&output);
    snprintf(
        caption, sizeof caption,
        "%s, %zu test images; %s; patches of side %d; linear predictor: first %zu "
        "images, circles: the model on these alone (the claim learned-beats-linear "
        "compares the two there); bars: 90 %% bootstrap intervals over images. Medians "
        "as 2×2 patches and with the other side have none: claims about them are "
        "judged by the slopes of the last panel. Spectral norm: as printed, for "
        "comparison, judged by no claim",
        study->run.options.data, arms->curve[LEARNED].count, study->scale,
        arms->side[LEARNED], arms->curve[LINEAR].count);
    figure_draw(&study->run, "figure2", "figure2", caption, NULL);
}

void export_distances(struct study *study, const struct arm *arms)
{
    for (const struct arm *arm = arms; arm < arms + ARMS; ++arm)
        for (int p = 0; p < PREDICTORS; ++p) {
            const struct rank_samples *samples = &arm->samples[p];
            const size_t shape[] = {samples->count, COMPONENTS},
                         mark = arena_mark(&study->arena);
            double *rows = arena_doubles(&study->arena, samples->count * COMPONENTS);
            char name[64];
            snprintf(name, sizeof name, "%s%s", arm->name, predictors[p].suffix);
            for (size_t n = 0; n < samples->count; ++n)
                for (size_t i = 0; i < COMPONENTS; ++i)
                    rows[n * COMPONENTS + i] = samples->relative[GROUPING_HIDDEN][i][n];
            run_array(&study->run, name, NPY_F8, 2, shape, rows);
            arena_reset(&study->arena, mark);
        }
}
