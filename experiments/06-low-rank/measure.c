#include "experiments/06-low-rank/measure.h"

#include <math.h>
#include <stdio.h>

#include "core/analysis/hidden_graph.h"
#include "core/analysis/ranks.h"
#include "core/base/die.h"
#include "core/base/tsv.h"
#include "core/linalg/frobenius.h"
#include "core/linalg/gemm.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/stats/summary.h"
#include "core/study/judgement.h"
#include "core/study/results.h"

// Always the first of the canonical order. The linear predictor factorises a matrix of up to
// 1536 x 1536 for each image, so it sees fewer.
enum { IMAGES = 2000, LINEAR_IMAGES = 500, SMOKE_IMAGES = 300, SMOKE_LINEAR = 50 };

static const char *const names[PREDICTORS] = {"trained model", "best linear predictor",
                                              "random weights"},
                         *const keys[PREDICTORS] = {"learned", "linear", "random"};

double profile_threshold(size_t i)
{
    return pow(10, -(double)(i + 1));
}

void profile_fill(struct profile *profile, const struct hidden_rows *rows,
                  struct arena *arena)
{
    const size_t n = rows->images, m = rows->rows, f = rows->features;
    profile->images = n;
    for (int x = 0; x < MATRICES; ++x) {
        profile->effective[x] = arena_doubles(arena, n);
        for (size_t t = 0; t < THRESHOLDS; ++t)
            profile->rank[x][t] = arena_doubles(arena, n);
    }
    for (size_t i = 0; i < OVERLAPS; ++i) profile->overlap[i] = arena_doubles(arena, n);
    profile->smallest = arena_doubles(arena, n);
    profile->at_visible = arena_doubles(arena, n);
    profile->loss = arena_doubles(arena, n);
    for (size_t image = 0; image < n; ++image) {
        const size_t mark = arena_mark(arena);
        struct decomposition svd[MATRICES];
        if (decompose(&svd[TRUTH], hidden_truth(rows, image), m, f, arena) ||
            decompose(&svd[PREDICTION], hidden_prediction(rows, image), m, f, arena))
            die(EXIT_SYSTEM,
                "image %zu: a decomposition did not converge (report this)", image);
        const size_t r = svd[TRUTH].r;
        require(r >= OVERLAPS, "matrices of rank %zu", r);
        for (int x = 0; x < MATRICES; ++x) {
            profile->effective[x][image] = effective_rank(svd[x].s, r);
            for (size_t t = 0; t < THRESHOLDS; ++t)
                profile->rank[x][t][image] =
                    (double)rank_at(svd[x].s, r, profile_threshold(t));
        }
        const double *s = svd[TRUTH].s;
        const size_t visible = rows->visible < r ? rows->visible : r;
        profile->smallest[image] = rank_tail(s, r, r - 1) / rank_tail(s, r, 0);
        profile->at_visible[image] = rank_tail(s, r, visible) / (double)(m * f);
        profile->loss[image] = squared_distance(hidden_truth(rows, image),
                                                hidden_prediction(rows, image), m * f) /
                               (double)(m * f);
        for (size_t i = 0; i < OVERLAPS; ++i) {
            double left = 0;
            for (size_t row = 0; row < m; ++row)
                left += svd[TRUTH].u[row * r + i] * svd[PREDICTION].u[row * r + i];
            profile->overlap[i][image] =
                fabs(left * inner_product(svd[TRUTH].vt + i * f,
                                          svd[PREDICTION].vt + i * f, f));
        }
        arena_reset(arena, mark);
    }
}

// ====== Rows of the three predictors ======

// learned: those of the trained model.
static void fill_all(struct profile *profile, struct hidden_rows *learned,
                     struct study *study)
{
    const struct run_options *options = &study->run.options;
    const int is_smoke = options->tier == TIER_SMOKE;
    struct arena *arena = &study->arena;
    struct evaluation evaluation =
        study_evaluation(study, 0, is_smoke ? SMOKE_IMAGES : IMAGES);
    struct hidden_rows rows;
    hidden_rows_learned(learned, &evaluation, arena);
    profile_fill(&profile[LEARNED], learned, arena);

    real *weights = arena_reals(arena, evaluation.mae->parameters.count);
    parameters_initialise(weights, &evaluation.mae->parameters, options->seed);
    evaluation.weights = weights;
    evaluation.name = NULL;
    hidden_rows_learned(&rows, &evaluation, arena);
    profile_fill(&profile[RANDOM], &rows, arena);

    struct linear_predictor predictor;
    linear_predictor_fit(&predictor, &study->images[SPLIT_TRAIN],
                         study->recipe[0].shape.patch, options->threads, arena);
    if (hidden_rows_linear(&rows, &predictor, evaluation.images,
                           is_smoke ? SMOKE_LINEAR : LINEAR_IMAGES,
                           evaluation.mask_ratio, options->seed, options->threads,
                           arena))
        die(EXIT_SYSTEM,
            "linear predictor: a covariance is not definite (report this)");
    profile_fill(&profile[LINEAR], &rows, arena);
}

// ====== Assumption 4.1 and Remark 4.2 ======

// The mean over images of 1 - effective rank of the reconstruction / that of X0.
static struct estimate rank_lost(struct study *study, const struct profile *profile)
{
    const size_t n = profile->images;
    double *lower = arena_doubles(&study->arena, n);
    for (size_t i = 0; i < n; ++i)
        lower[i] = 1 - profile->effective[PREDICTION][i] / profile->effective[TRUTH][i];
    return study_mean(study, lower, n);
}

// The numerical and the effective ranks.
static void judge_ranks(struct study *study, const struct profile *profile,
                        const struct profile *untrained)
{
    static const char test[] =
        "bootstrap over images of 1 - effective rank / that of X0";
    const size_t n = profile->images;
    struct estimate parts[JUDGED];
    for (size_t t = 0; t < JUDGED; ++t)
        parts[t] =
            study_gap(study, profile->rank[TRUTH][t], profile->rank[PREDICTION][t], n);
    study_judge(study, "assumption4.1", parts, JUDGED, 0,
                "bootstrap over images of rank(X0) - rank(g f(X)), thresholds 1e-1 to "
                "1e-4",
                "given these weights; the least of %d thresholds", JUDGED);
    const struct estimate share = rank_lost(study, profile),
                          control = rank_lost(study, untrained);
    put_estimate(&study->run, NULL, share, "1", "effective.lower");
    put_estimate(&study->run, NULL, control, "1", "effective.lower.untrained");
    study_judge(study, "assumption4.1.corrected", &share, 1, 0, test,
                "given these weights; with initial weights %.3f", control.value);
    study_judge(study, "remark4.2.rank", &share, 1, 0, test,
                "given these weights; very low is at most half; with initial weights "
                "%.3f",
                control.value);
}

enum { STEPS = 4 };

// steps (STEPS) = how much the mean overlap falls from each component to the next. Returns the
// number of the least.
static size_t overlap_steps(struct estimate steps[STEPS], struct study *study,
                            const struct profile *profile)
{
    size_t least = 0;
    for (size_t i = 0; i < STEPS; ++i) {
        steps[i] = study_gap(study, profile->overlap[i], profile->overlap[i + 1],
                             profile->images);
        if (steps[i].value < steps[least].value) least = i;
    }
    return least;
}

static void judge_overlaps(struct study *study, const struct profile *profile)
{
    struct estimate steps[STEPS], linear[STEPS];
    overlap_steps(steps, study, &profile[LEARNED]);
    const struct estimate rival =
        linear[overlap_steps(linear, study, &profile[LINEAR])];
    put_estimate(&study->run, NULL, rival, "1", "linear.overlap.least-fall");
    study_judge(
        study, "remark4.2.reason", steps, STEPS, 0,
        "paired bootstrap over images of each step of the mean overlap",
        "given these weights; the least of %d steps; that of the best linear "
        "predictor, which nothing keeps from its optimum, is %.3f [%.3f, %.3f], "
        "first %zu images",
        STEPS, rival.value, rival.low, rival.high, rival.n);
}

void profile_judge(struct study *study, const struct profile profile[PREDICTORS])
{
    judge_ranks(study, &profile[LEARNED], &profile[RANDOM]);
    judge_overlaps(study, profile);
}

// ====== Section 4.2: eigenvectors of X0 X0^T and of its normalised form ======

// The mean squared cosine of the angles between the spans of the first k columns of a and b (m,r).
static double span_overlap(const double *a, const double *b, size_t m, size_t r,
                           size_t k)
{
    double sum = 0;
    for (size_t i = 0; i < k; ++i)
        for (size_t j = 0; j < k; ++j) {
            double product = 0;
            for (size_t row = 0; row < m; ++row)
                product += a[row * r + i] * b[row * r + j];
            sum += product * product;
        }
    return sum / (double)k;
}

static const size_t leading[SPANS] = {2, 3, 5};

size_t spans_measure(double *overlap, const struct hidden_rows *rows,
                     struct arena *arena)
{
    const size_t m = rows->rows, f = rows->features;
    size_t used = 0;
    for (size_t image = 0; image < rows->images; ++image) {
        const size_t mark = arena_mark(arena);
        struct hidden_graph graph;
        struct decomposition plain, normal;
        if (hidden_graph_open(&graph, rows, image, arena) == 0) {
            const int status = decompose(&plain, graph.x, m, f, arena) |
                               decompose(&normal, graph.factor, m, f, arena);
            if (status)
                die(EXIT_SYSTEM, "image %zu: no decomposition (report this)", image);
            for (size_t c = 0; c < SPANS; ++c)
                overlap[c * rows->images + used] =
                    span_overlap(plain.u, normal.u, m, plain.r, leading[c]);
            ++used;
        }
        arena_reset(arena, mark);
    }
    return used;
}

void spans_judge(struct study *study, const double *overlap, size_t stride, size_t used)
{
    struct estimate found[SPANS];
    for (size_t c = 0; c < SPANS; ++c) {
        found[c] = study_mean(study, overlap + c * stride, used);
        put_estimate(&study->run, NULL, found[c], "1", "similar.k%zu", leading[c]);
    }
    study_judge_untrained(
        study, "section4.2.similar", found, SPANS,
        "bootstrap over images of the mean squared cosine, k = 2, 3, 5",
        "%zu of %zu images have positive degrees in [0,1]", used, stride);
}

static void measure_spans(struct study *study, const struct hidden_rows *rows)
{
    double *overlap = arena_doubles(&study->arena, SPANS * rows->images);
    const size_t used = spans_measure(overlap, rows, &study->arena);
    spans_judge(study, overlap, rows->images, used);
}

// ====== Out ======

static double median_of(const double *x, size_t n, struct arena *arena)
{
    const size_t mark = arena_mark(arena);
    const double middle = median(x, n, arena_doubles(arena, n));
    arena_reset(arena, mark);
    return middle;
}

static void emit_table(struct study *study, const struct profile *profile)
{
    enum { COLUMNS = 4 + JUDGED };
    struct table table;
    table_open(&table, COLUMNS,
               (const char *const[]){"reconstruction by", "images", "effective rank",
                                     "that of X0", "rank at 1e-1", "1e-2", "1e-3",
                                     "1e-4"});
    for (int p = 0; p < PREDICTORS; ++p) {
        const struct profile *one = &profile[p];
        char cell[COLUMNS][NUMBER_TEXT];
        const char *row[COLUMNS];
        snprintf(cell[0], NUMBER_TEXT, "%s", names[p]);
        number_text(cell[1], (double)one->images);
        for (int x = 0; x < MATRICES; ++x)
            put_estimate(&study->run, cell[3 - x],
                         study_mean(study, one->effective[x], one->images), "1",
                         "%s.effective.%s", keys[p], x == TRUTH ? "truth" : "found");
        for (size_t t = 0; t < JUDGED; ++t) {
            const double found = median_of(one->rank[PREDICTION][t], one->images,
                                           &study->arena),
                         truth =
                             median_of(one->rank[TRUTH][t], one->images, &study->arena);
            snprintf(cell[4 + t], NUMBER_TEXT, "%g of %g", found, truth);
            put_number(&study->run, NULL, found, one->images, "1", "%s.rank.%zu",
                       keys[p], t + 1);
        }
        for (size_t c = 0; c < COLUMNS; ++c) row[c] = cell[c];
        table_row(&table, row);
    }
    run_table(
        &study->run, "ranks.md",
        "Effective ranks: means with 90 % intervals over images; ranks: medians, of "
        "the reconstruction and of X0.",
        &table, "");
    table_close(&table);
}

// Rank is not what limits a reconstruction.
static void emit_tails(struct study *study, const struct profile *profile)
{
    const size_t n = profile->images;
    char cell[3][NUMBER_TEXT];
    struct table table;
    table_open(&table, 3,
               (const char *const[]){"lost by rank(X0) - 1, share of |X0|^2",
                                     "lost by rank N, per pixel value", "masked loss"});
    put_number(&study->run, cell[0], median_of(profile->smallest, n, &study->arena), n,
               "1", "tail.smallest");
    put_number(&study->run, cell[1], median_of(profile->at_visible, n, &study->arena),
               n, "1", "tail.visible");
    put_number(&study->run, cell[2], median_of(profile->loss, n, &study->arena), n, "1",
               "tail.loss");
    table_row(&table, (const char *const[]){cell[0], cell[1], cell[2]});
    run_table(
        &study->run, "tails.md",
        "Medians over test images: what the best matrix of that rank loses, next to "
        "what the model loses.",
        &table, "");
    table_close(&table);
}

static void emit_figure(struct study *study, const struct profile *profile)
{
    char path[PATH_SIZE], caption[512];
    struct output output;
    run_path(path, &study->run, "ranks.tsv");
    output_open(&output, path);
    fputs("panel\tx\ttruth\tlearned\tlinear\trandom\n", output.file);
    for (size_t t = 0; t < THRESHOLDS; ++t) {
        tsv_put_number(output.file, 0, '\t');
        tsv_put_number(output.file, profile_threshold(t), '\t');
        tsv_put_number(
            output.file,
            median_of(profile->rank[TRUTH][t], profile->images, &study->arena), '\t');
        for (int p = 0; p < PREDICTORS; ++p)
            tsv_put_number(output.file,
                           median_of(profile[p].rank[PREDICTION][t], profile[p].images,
                                     &study->arena),
                           p + 1 < PREDICTORS ? '\t' : '\n');
    }
    for (size_t i = 0; i < OVERLAPS; ++i) {
        tsv_put_number(output.file, 1, '\t');
        tsv_put_number(output.file, (double)(i + 1), '\t');
        tsv_put_number(output.file, 1, '\t');
        for (int p = 0; p < PREDICTORS; ++p)
            tsv_put_number(output.file, mean(profile[p].overlap[i], profile[p].images),
                           p + 1 < PREDICTORS ? '\t' : '\n');
    }
    output_close(&output);
    snprintf(
        caption, sizeof caption,
        "%s, %zu test images at mask ratio %g, linear predictor: first %zu; %s; "
        "medians of ranks, means of overlaps; ranks at thresholds below 1e-6 count "
        "rounding of single precision",
        study->run.options.data, profile->images, study->recipe[0].mask_ratio,
        profile[LINEAR].images, study->scale);
    figure_draw(&study->run, "ranks", "ranks", caption, NULL);
}

void measure_ranks(struct study *study)
{
    struct profile profile[PREDICTORS];
    struct hidden_rows learned;
    fill_all(profile, &learned, study);
    profile_judge(study, profile);
    measure_spans(study, &learned);
    emit_table(study, profile);
    emit_tails(study, &profile[LEARNED]);
    emit_figure(study, profile);
}
