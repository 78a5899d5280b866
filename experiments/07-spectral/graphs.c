#include "experiments/07-spectral/graphs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/analysis/segments.h"
#include "core/analysis/token_graph.h"
#include "core/base/die.h"
#include "core/base/tsv.h"
#include "core/data/patches.h"
#include "core/linalg/eigen.h"
#include "core/linalg/frobenius.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/stats/summary.h"
#include "core/study/judgement.h"
#include "core/study/results.h"

enum { SCENES = 300, SMOKE_SCENES = 100, MOMENTS = 2000 };
enum { FEWEST = 30 }; // scenes that an interval can be made from

static const struct {
    const char *key, *name;
    enum normalisation normalisation;
} about[VIEWS] = {
    {"mae", "tokens of the trained model", NORMALISATION_CENTRED_UNIT},
    {"cooccurrence", "co-occurrence over the data set", NORMALISATION_NONE},
    {"product-signed", "pixels' products, [-1,1]", NORMALISATION_UNIT},
    {"product-unit", "pixels' products, [0,1]", NORMALISATION_UNIT},
    {"kernel-signed", "kernel of products, [-1,1]", NORMALISATION_UNIT},
    {"kernel-unit", "kernel of products, [0,1]", NORMALISATION_UNIT},
    {"patches", "raw patches", NORMALISATION_CENTRED_UNIT},
    {"components", "co-occurrence, the components of largest modulus",
     NORMALISATION_NONE},
};

int paper_graph(double *matrix, enum view view, const double *patches, size_t tokens,
                size_t features, struct arena *arena)
{
    require(tokens > 0, "a graph of no tokens");
    const size_t mark = arena_mark(arena), numbers = tokens * features;
    const int is_unit = view == VIEW_PRODUCT_UNIT || view == VIEW_KERNEL_UNIT,
              is_kernel = view == VIEW_KERNEL_SIGNED || view == VIEW_KERNEL_UNIT;
    double *x = arena_doubles(arena, numbers), *scale = arena_doubles(arena, tokens);
    for (size_t i = 0; i < numbers; ++i)
        x[i] = is_unit ? (patches[i] + 1) / 2 : patches[i];
    row_products(matrix, x, tokens, x, tokens, features);
    const double variance = squared_norm(x, numbers) / (double)tokens;
    int positive = 1;
    for (size_t i = 0; i < tokens; ++i) {
        double degree = 0;
        for (size_t j = 0; j < tokens; ++j) {
            double *weight = matrix + i * tokens + j;
            if (is_kernel) *weight = exp(*weight / (2 * variance));
            degree += *weight;
        }
        positive &= degree > 0;
        scale[i] = degree > 0 ? 1 / sqrt(degree) : 0;
    }
    for (size_t i = 0; i < tokens * tokens && positive; ++i)
        matrix[i] *= scale[i / tokens] * scale[i % tokens];
    arena_reset(arena, mark);
    return positive;
}

// ====== Vectors to be clustered ======

// Patches (n,T,F) in double.
static double *patches_of(const struct token_set *set, struct arena *arena)
{
    const size_t numbers = set->images * set->tokens * set->width;
    double *patches = arena_doubles(arena, numbers);
    for (size_t i = 0; i < numbers; ++i) patches[i] = (double)set->values[i];
    return patches;
}

static void set_take(struct token_set *set, const struct graphs *graphs, size_t width,
                     struct arena *arena)
{
    *set = (struct token_set){graphs->scenes, graphs->tokens, width, NULL};
    const size_t numbers = graphs->scenes * graphs->tokens * width;
    set->values = arena_take(arena, numbers, sizeof *set->values);
    for (size_t i = 0; i < numbers; ++i) set->values[i] = 0;
}

// The recipe of Sec. 3.3: as many leading eigenvectors as there are regions, a token a row; rows
// get unit length later, the step that the paper leaves out (section3.3.recipe), as a rival that is
// not at its best proves nothing.
static void eigenvectors_set(struct token_set *set, enum view view,
                             struct graphs *graphs, const double *patches,
                             size_t features, struct arena *arena)
{
    const size_t T = graphs->tokens;
    size_t width = 1;
    for (size_t i = 0; i < graphs->scenes; ++i)
        if (graphs->clusters[i] > width) width = graphs->clusters[i];
    set_take(set, graphs, width, arena);
    for (size_t i = 0; i < graphs->scenes; ++i) {
        const size_t mark = arena_mark(arena);
        double *matrix = arena_doubles(arena, T * T), *values = arena_doubles(arena, T);
        const int defined =
            paper_graph(matrix, view, patches + i * T * features, T, features, arena);
        if (view == VIEW_PRODUCT_SIGNED) graphs->defined[i] = (uint8_t)defined;
        if (defined && eigen_symmetric(values, matrix, matrix, T))
            die(EXIT_SYSTEM, "scene %zu: no eigenvectors (report this)", i);
        for (size_t t = 0; t < T && defined; ++t)
            for (size_t c = 0; c < graphs->clusters[i]; ++c)
                set->values[(i * T + t) * width + c] =
                    (float)matrix[(T - 1 - c) * T + t];
        arena_reset(arena, mark);
    }
}

static void view_set(struct token_set *set, enum view view, struct graphs *graphs,
                     const struct study *study, const struct token_set *raw,
                     const double *patches, struct arena *arena)
{
    const struct weights *model = &study->model[0];
    const size_t rows = graphs->scenes * graphs->tokens;
    if (view == VIEW_MAE) {
        input_finite(model,
                     token_set_encoder(set, &model->mae, model->slab, -1,
                                       &study->images[SPLIT_TEST], graphs->scenes,
                                       study->run.options.threads, arena));
    } else if (view == VIEW_COOCCURRENCE || view == VIEW_COMPONENTS) {
        const struct cooccurrence *graph =
            view == VIEW_COMPONENTS ? &graphs->components : &graphs->cooccurrence;
        const size_t kept = graph->kept;
        double *features = arena_doubles(arena, rows * kept);
        cooccurrence_features(features, graph, patches, rows);
        set_take(set, graphs, kept, arena);
        for (size_t i = 0; i < rows * kept; ++i) set->values[i] = (float)features[i];
    } else if (view == VIEW_PATCHES) {
        *set = *raw;
    } else {
        eigenvectors_set(set, view, graphs, patches, raw->width, arena);
    }
}

// ====== Verdicts ======

// The lead of one view over another, over the scenes where both are defined.
static struct estimate lead(const struct study *study, const struct graphs *graphs,
                            enum view view, enum view rival)
{
    double a[SCENES], b[SCENES];
    size_t n = 0;
    for (size_t i = 0; i < graphs->scenes; ++i) {
        if (rival == VIEW_PRODUCT_SIGNED && !graphs->defined[i]) continue;
        a[n] = graphs->ari[view][i];
        b[n++] = graphs->ari[rival][i];
    }
    return n >= FEWEST ? study_gap(study, a, b, n)
                       : (struct estimate){(double)NAN, (double)NAN, (double)NAN, n};
}

void graphs_verdicts(struct study *study, const struct graphs *graphs)
{
    enum { FORMS = VIEW_PATCHES - VIEW_PRODUCT_SIGNED };
    struct estimate leads[2][FORMS + 1];
    for (size_t f = 0; f <= FORMS; ++f)
        for (int v = VIEW_MAE; v <= VIEW_COOCCURRENCE; ++v)
            leads[v][f] =
                lead(study, graphs, (enum view)v, (enum view)(VIEW_PRODUCT_SIGNED + f));
    study_judge(study, "theorem4.3.graph", leads[VIEW_MAE], FORMS + 1, 0,
                "paired bootstrap over scenes of the lead over each form and over raw "
                "patches",
                "k = true regions; the least of %d leads", FORMS + 1);
    study_judge_untrained(
        study, "theorem4.3.graph.cooccurrence", leads[VIEW_COOCCURRENCE], FORMS,
        "paired bootstrap over scenes of the lead over each form",
        "%zu features, moments of other scenes; the least of %d "
        "leads; the %zu components of largest modulus have an ARI of %.3f",
        graphs->cooccurrence.kept, FORMS, graphs->components.kept,
        mean(graphs->ari[VIEW_COMPONENTS], graphs->scenes));
}

// ====== Numbers and picture ======

static void emit_graphs(struct study *study, const struct graphs *graphs)
{
    struct table table;
    char cell[NUMBER_TEXT], count[NUMBER_TEXT];
    table_open(
        &table, 3,
        (const char *const[]){"clustered", "ARI with the true regions", "scenes"});
    for (int v = 0; v < VIEWS; ++v) {
        double ari[SCENES];
        size_t n = 0;
        for (size_t i = 0; i < graphs->scenes; ++i)
            if (v != VIEW_PRODUCT_SIGNED || graphs->defined[i])
                ari[n++] = graphs->ari[v][i];
        struct estimate mean = {(double)NAN, (double)NAN, (double)NAN, 0};
        if (n > 0) mean = study_mean(study, ari, n);
        put_estimate(&study->run, cell, mean, "ARI", "graph.%s", about[v].key);
        number_text(count, (double)n);
        table_row(&table, (const char *const[]){about[v].name, cell, count});
    }
    for (size_t i = 0;
         i <= graphs->cooccurrence.kept && i < graphs->cooccurrence.features; ++i)
        put_number(&study->run, NULL, graphs->cooccurrence.values[i], MOMENTS, "1",
                   "cooccurrence.value%02zu", i + 1);
    const struct cooccurrence *graph = &graphs->cooccurrence;
    char about_graphs[512];
    put_number(&study->run, NULL, graph->values[graph->features - 1], MOMENTS, "1",
               "cooccurrence.least-value");
    put_number(&study->run, NULL, (double)graphs->components.kept, MOMENTS,
               "components", "components.kept");
    snprintf(about_graphs, sizeof about_graphs,
             "K-means with the true number of regions; where the paper's graph has a "
             "degree that is not positive it is not defined. Eigenvalues of "
             "co-occurrence: %zu from %.3f to %.3f are kept, the next is %.3f, the "
             "least %.3f; by modulus %zu components are kept.",
             graph->kept, graph->values[0], graph->values[graph->kept - 1],
             graph->kept < graph->features ? graph->values[graph->kept] : 0,
             graph->values[graph->features - 1], graphs->components.kept);
    run_table(&study->run, "graphs.md", about_graphs, &table, "");
    table_close(&table);
}

// Both graphs on one scene, tokens in the order of their regions: the paper's normalised adjacency
// over its largest number, and the cosine of features of co-occurrence.
static void draw_graphs(struct study *study, const struct graphs *graphs,
                        const double *patches, size_t features, size_t scene)
{
    const size_t T = graphs->tokens, kept = graphs->cooccurrence.kept;
    const uint8_t *truth = graphs->truth + scene * T;
    struct arena *arena = &study->arena;
    struct output output;
    char path[PATH_SIZE], caption[STUDY_SCALE + 512];
    double *pixels = arena_doubles(arena, T * T), *phi = arena_doubles(arena, T * kept),
           largest = 0;
    const double *x = patches + scene * T * features;
    size_t *order = arena_take(arena, T, sizeof *order), placed = 0;
    for (uint8_t region = 0; region < graphs->clusters[scene]; ++region)
        for (size_t t = 0; t < T; ++t)
            if (truth[t] == region) order[placed++] = t;
    if (!paper_graph(pixels, VIEW_PRODUCT_UNIT, x, T, features, arena))
        die(EXIT_SYSTEM, "scene %zu is black (report this)", scene);
    for (size_t i = 0; i < T * T; ++i) largest = fmax(largest, pixels[i]);
    cooccurrence_features(phi, &graphs->cooccurrence, x, T);
    run_path(path, &study->run, "graphs.tsv");
    output_open(&output, path);
    fputs("row\tcolumn\tregion\tpixels\tcooccurrence\n", output.file);
    for (size_t i = 0; i < T; ++i)
        for (size_t j = 0; j < T; ++j) {
            const size_t a = order[i], b = order[j];
            const double *p = phi + a * kept, *q = phi + b * kept;
            const double row[] = {
                (double)i, (double)j, truth[a] == truth[b], pixels[a * T + b] / largest,
                inner_product(p, q, kept) /
                    sqrt(squared_norm(p, kept) * squared_norm(q, kept))};
            tsv_put_row(output.file, row, sizeof row / sizeof *row);
        }
    output_close(&output);
    snprintf(
        caption, sizeof caption,
        "%s, test scene %zu, its %zu patches in the order of its %d regions. Left: "
        "normalised adjacency of the paper's graph, pixels in [0,1], over its "
        "largest number. Middle: cosine of the %zu features of co-occurrence, from "
        "%d other scenes, no network. Right: the true regions",
        study->run.options.data, scene, T, graphs->clusters[scene], kept, MOMENTS);
    figure_draw(&study->run, "graphs", "graphs", caption, NULL);
}

static void export_graphs(struct study *study, const struct graphs *graphs,
                          const double *patches, size_t features)
{
    enum { SHOWN = 40 };
    const size_t n = graphs->scenes < SHOWN ? graphs->scenes : SHOWN,
                 T = graphs->tokens, kept = graphs->cooccurrence.kept,
                 moments[] = {features, features}, shown[] = {n, T, features},
                 maps[] = {graphs->scenes, T}, values[] = {features},
                 feature[] = {n, T, kept};
    const struct run *run = &study->run;
    double *phi = arena_doubles(&study->arena, n * T * kept);
    cooccurrence_features(phi, &graphs->cooccurrence, patches, n * T);
    run_array(run, "graph-second", NPY_F8, 2, moments, graphs->cooccurrence.second);
    run_array(run, "graph-pairs", NPY_F8, 2, moments, graphs->cooccurrence.pairs);
    run_array(run, "graph-values", NPY_F8, 1, values, graphs->cooccurrence.values);
    run_array(run, "graph-patches", NPY_F8, 3, shown, patches);
    run_array(run, "graph-features", NPY_F8, 3, feature, phi);
    run_array(run, "graph-truth", NPY_U1, 2, maps, graphs->truth);
    run_array(run, "graph-defined", NPY_U1, 1, maps, graphs->defined);
    for (int v = 0; v < VIEWS; ++v) {
        char name[64];
        snprintf(name, sizeof name, "graph-map-%s", about[v].key);
        run_array(run, name, NPY_U1, 2, maps, graphs->maps[v]);
    }
}

// The scene to show: the first with the most regions.
static size_t scene_shown(const struct graphs *graphs)
{
    size_t scene = 0;
    for (size_t i = 1; i < graphs->scenes; ++i)
        if (graphs->clusters[i] > graphs->clusters[scene]) scene = i;
    return scene;
}

void graphs_judge(struct study *study)
{
    const struct run_options *options = &study->run.options;
    const int patch = study->recipe[0].shape.patch;
    struct graphs graphs = {.scenes =
                                options->tier == TIER_SMOKE ? SMOKE_SCENES : SCENES,
                            .tokens = patch_count(patch)};
    struct arena *arena = &study->arena;
    const size_t n = graphs.scenes, T = graphs.tokens, mark = arena_mark(arena);
    if (!study->images[SPLIT_TEST].regions) {
        run_verdict(&study->run, "theorem4.3.graph", VERDICT_NOT_RUN, NULL, "", "");
        run_verdict(&study->run, "theorem4.3.graph.cooccurrence", VERDICT_NOT_RUN, NULL,
                    "", "");
        return;
    }
    struct token_set raw;
    token_set_patches(&raw, &study->images[SPLIT_TEST], n, patch, arena);
    const double *patches = patches_of(&raw, arena);
    if (cooccurrence_fit(&graphs.cooccurrence, &study->images[SPLIT_TRAIN], MOMENTS,
                         patch, arena))
        die(EXIT_SYSTEM, "moments of patches: no eigenvectors (report this)");
    cooccurrence_by_modulus(&graphs.components, &graphs.cooccurrence, arena);
    graphs.truth = arena_take(arena, n, T);
    graphs.clusters = arena_take(arena, n, 1);
    graphs.defined = arena_take(arena, n, 1);
    segments_truth(graphs.truth, graphs.clusters, &study->images[SPLIT_TEST], n, T);
    for (int v = 0; v < VIEWS; ++v) {
        graphs.ari[v] = arena_doubles(arena, n);
        graphs.maps[v] = arena_take(arena, n, T);
        const size_t before = arena_mark(arena);
        struct token_set set;
        view_set(&set, (enum view)v, &graphs, study, &raw, patches, arena);
        const struct segmentation segmentation = {.set = &set,
                                                  .normalisation =
                                                      about[v].normalisation,
                                                  .clusters = graphs.clusters,
                                                  .restarts = SEGMENT_STARTS,
                                                  .seed = options->seed,
                                                  .threads = options->threads};
        segments_find(graphs.maps[v], &segmentation);
        segments_score(graphs.ari[v], NULL, graphs.maps[v], graphs.truth,
                       graphs.clusters, n, T);
        arena_reset(arena, before);
    }
    graphs_verdicts(study, &graphs);
    emit_graphs(study, &graphs);
    draw_graphs(study, &graphs, patches, raw.width, scene_shown(&graphs));
    if (options->export_arrays) export_graphs(study, &graphs, patches, raw.width);
    arena_reset(arena, mark);
}
