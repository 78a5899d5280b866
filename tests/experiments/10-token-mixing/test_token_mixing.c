#include <math.h>

#include "core/base/rng.h"
#include "core/data/patches.h"
#include "core/data/planted.h"
#include "experiments/10-token-mixing/measures.h"
#include "experiments/10-token-mixing/projection.h"
#include "tests/expect_close.h"
#include "tests/report/world.h"

#define ROW(id, kind, effect, margin)                                                  \
    id "\tSec. 5\tA\tstatement\t" effect "\t" kind "\t" margin                         \
       "\td\tplanted\tsmoke\tfigure2\t02-demo\n"

// The small project of core/report's tests, with the rows that are judged here.
static void open_rows(void)
{
    char claims[sizeof world_claims + 2048];
    world_open();
    snprintf(claims, sizeof claims, "%s%s%s%s%s%s%s%s%s", world_claims,
             ROW("remark4.7.projection", "ordering", "2", ""),
             ROW("remark4.8.shortcut", "ordering", "10", ""),
             ROW("remark4.8.required", "ordering", "2", ""),
             ROW("section4.3.equivalent.training", "equivalence", "", "5"),
             ROW("section5.2.class-token", "ordering", "2", ""),
             ROW("section5.3.token-mixing", "ordering", "2", ""),
             ROW("section5.3.heads-clusters", "ordering", "2", ""),
             ROW("abstract.layernorm", "ordering", "2", ""));
    world_claims_write("paper/claims.tsv", claims);
    world_listen();
}

TestSuite(token_mixing, .init = open_rows);

// ====== Verdicts ======

enum { SEEDS = 3, SCENES = 40 };

// One measure of one training, and what it is in a world where each claim holds, and fails.
struct planted {
    const char *id;
    int arm;
    enum measure measure;
    double holds, fails;
};

static const struct planted planted[] = {
    {"", ARM_PAPER, HIDDEN_LOSS, 10, 10},
    {"", ARM_PAPER, SEGMENTS, 80, 80},
    {"", ARM_PAPER, CLASS_PROBE, 60, 60},
    {"", ARM_PAPER, MEAN_PROBE, 60, 60},
    {"", ARM_PAPER, HEAD_REGIONS, 50, 50},
    {"remark4.8.shortcut", ARM_VISIBLE, VISIBLE_LOSS, .001, .004},
    {"remark4.8.shortcut", ARM_VISIBLE, SEGMENTS, 20, 85},
    {"remark4.8.required", ARM_EVERY, HIDDEN_LOSS, 11, 9},
    {"remark4.8.required", ARM_EVERY, SEGMENTS, 70, 90},
    {"remark4.8.required", ARM_EVERY, CLASS_PROBE, 50, 70},
    {"section4.3.equivalent.training", ARM_WHITENED, SEGMENTS, 81, 60},
    {"section4.3.equivalent.training", ARM_WHITENED, CLASS_PROBE, 59, 80},
    {"section5.2.class-token", ARM_PAPER, ORACLE_PROBE, 90, 50},
    {"section5.3.token-mixing", ARM_IDENTITY, CLASS_PROBE, 10, 70},
    {"section5.3.token-mixing", ARM_IDENTITY, MEAN_PROBE, 40, 90},
    {"section5.3.heads-clusters", ARM_SIX_HEADS, CLASS_PROBE, 70, 50},
    {"section5.3.heads-clusters", ARM_SIX_HEADS, HEAD_REGIONS, 70, 40},
    {"abstract.layernorm", ARM_NO_NORM, SEGMENTS, 60, 90},
    {"abstract.layernorm", ARM_NO_NORM, CLASS_PROBE, 40, 80},
    // Named in notes alone.
    {"", ARM_NORMALISED, SEGMENTS, 1, 1},
    {"", ARM_NORMALISED, CLASS_PROBE, 1, 1},
    {"", ARM_NORMALISED, MEAN_PROBE, 1, 1},
    {"", ARM_BATCH_NORM, SEGMENTS, 1, 1},
    {"", ARM_BATCH_NORM, CLASS_PROBE, 1, 1},
    {"", ARM_BATCH_NORM, MEAN_PROBE, 1, 1},
};
enum { PLANTED = sizeof planted / sizeof *planted };

// Measures around their planted values, a little of it by training and by scene. The measure
// number `failing` has its other value; PLANTED: none has.
static void arms_planted(struct arms *arms, struct study *study, size_t failing)
{
    *arms = (struct arms){.study = study,
                          .scale = {.seeds = SEEDS, .scenes = SCENES},
                          .raw_patches = arena_doubles(&study->arena, SCENES)};
    for (size_t i = 0; i < SCENES; ++i) arms->raw_patches[i] = 20;
    for (size_t p = 0; p < PLANTED; ++p) {
        const struct planted *one = &planted[p];
        struct rng rng = rng_open(1, PURPOSE_TEST, 0, (uint32_t)p);
        double *value = arena_doubles(&study->arena, SEEDS * SCENES);
        for (size_t i = 0; i < SEEDS * SCENES; ++i)
            value[i] = (p == failing ? one->fails : one->holds) *
                       (1 + .002 * rng_normal(&rng));
        arms->arm[one->arm].value[one->measure] = value;
    }
}

static void verdicts_planted(size_t failing)
{
    struct study study = {0};
    struct arms arms;
    char words[512];
    arena_open_growing(&study.arena, "test");
    world_run(&study.run, "--tier smoke --data planted --force 1", words);
    arms_planted(&arms, &study, failing);
    arms_judge(&arms);
    run_close(&study.run);
    arena_close(&study.arena);
}

// Expects each claim's verdict; `failing` and the claims of an empty id as in arms_planted.
static void expect_verdicts(size_t failing)
{
    verdicts_planted(failing);
    const char *text = world_text("results/smoke-planted/02-demo/verdicts.tsv");
    for (size_t p = 0; p < PLANTED; ++p) {
        if (!*planted[p].id) continue;
        const int fails =
            failing < PLANTED && strcmp(planted[failing].id, planted[p].id) == 0;
        char line[80];
        snprintf(line, sizeof line, "\n%s\t%s\t", planted[p].id,
                 fails ? "NOT-REPRODUCED" : "TREND-ONLY");
        cr_expect(strstr(text, line), "part %zu fails: no %s in %s", failing, line + 1,
                  text);
    }
}

Test(token_mixing, claims_hold_where_they_do)
{
    expect_verdicts(PLANTED);
}

// Planted: the opposite of one part of one claim. It turns that claim and no other.
Test(token_mixing, every_part_of_every_claim_can_turn_it)
{
    for (size_t p = 0; p < PLANTED; ++p)
        if (*planted[p].id) expect_verdicts(p);
}

// ====== Trainings ======

Test(token_mixing, every_arm_differs_from_the_papers_in_one_option_or_in_heads)
{
    struct study study = {0};
    struct arms arms;
    char words[512], text[RECIPE_TEXT], other[RECIPE_TEXT];
    world_run(&study.run, "--tier desk --data planted --force 1", words);
    arms_open(&arms, &study);
    const struct recipe paper = arm_recipe(&arms, ARM_PAPER);
    recipe_text(text, &paper);
    cr_expect_eq(arms.scale.seeds, 5);
    for (size_t a = ARM_PAPER + 1; a < ARMS; ++a) {
        struct recipe recipe = arm_recipe(&arms, a);
        recipe.run = paper.run;
        recipe_text(other, &recipe);
        const char *words_of = other, *more = strstr(other, text);
        if (a != ARM_SIX_HEADS)
            cr_expect(more == words_of && strchr(other + strlen(text) + 1, ' ') == NULL,
                      "%s: %s", arms.arm[a].key, other);
        cr_expect_str_neq(text, other);
    }
    world_drop(&study.run);
}

// Expects a probe whose features are those of no scene in particular: of the scenes with these
// labels it is right about one class.
static void expect_one_answer(const double *right, const uint16_t *labels,
                              size_t scenes)
{
    size_t first = 0;
    while (first < scenes && right[first] == 0) ++first;
    cr_assert_lt(first, scenes);
    for (size_t i = 0; i < scenes; ++i)
        cr_expect_eq(right[i], labels[i] == labels[first] ? 100 : 0, "scene %zu: %g", i,
                     right[i]);
}

// A whole tiny measurement: the class token of an encoder without mixing knows nothing.
Test(token_mixing, trainings_are_measured)
{
    enum { FEW = 60 };
    // Not the class token's probe, which two updates hardly change.
    static const enum measure own[] = {HIDDEN_LOSS, VISIBLE_LOSS, SEGMENTS, MEAN_PROBE};
    struct study study = {0};
    struct arms arms;
    char words[512];
    arena_open_growing(&study.arena, "test");
    world_run(&study.run, "--tier smoke --data planted --force 1", words);
    study.run.options.threads = 2;
    arms_open(&arms, &study);
    arms.scale = (struct arms_scale){1, FEW, FEW, 1, .005};
    arms_measure(&arms);
    for (size_t a = 0; a < ARMS; ++a)
        for (int m = HIDDEN_LOSS; m <= MEAN_PROBE; ++m) {
            const struct estimate found = arm_mean(&arms, a, (enum measure)m);
            cr_expect(isfinite(found.value) && found.low <= found.high, "%s %d",
                      arms.arm[a].key, m);
        }
    expect_one_answer(arms.arm[ARM_IDENTITY].value[CLASS_PROBE],
                      arms.images[SPLIT_TEST].labels, FEW);
    cr_expect_not_null(arms.arm[ARM_PAPER].value[ORACLE_PROBE]);
    cr_expect_not_null(arms.arm[ARM_SIX_HEADS].value[HEAD_REGIONS]);
    cr_expect_null(arms.arm[ARM_EVERY].value[HEAD_REGIONS]);
    // Most trainings begin with the same weights, and all differ at their end.
    for (size_t a = ARM_PAPER + 1; a < ARMS; ++a)
        for (size_t m = 0; m < sizeof own / sizeof *own; ++m)
            cr_expect(memcmp(arms.arm[a].value[own[m]],
                             arms.arm[ARM_PAPER].value[own[m]], FEW * sizeof(double)),
                      "%s %d is the paper's", arms.arm[a].key, own[m]);
    arms_close(&arms);
    arena_close(&study.arena);
    world_drop(&study.run);
}

// ====== Heads ======

enum { D = 4, T = 4, H = 2, REGIONS = 2 };

// Head 0 looks at patches whose first two numbers are large, head 1 at those with `sign` times the
// last two.
static size_t heads_planted(uint8_t heads[H], double size, double sign)
{
    const struct mae_shape shape = {8, 3, 4, D, 1, 1, H, H};
    const float tokens[(T + 1) * D] = {1,  1,  -1, -1, 1, 1, -1, -1, 1, 1,
                                       -1, -1, -1, -1, 1, 1, -1, -1, 1, 1};
    const uint8_t truth[T] = {0, 0, 1, 1};
    struct arena arena;
    struct mae mae;
    arena_open_growing(&arena, "test");
    mae_open(&mae, &shape, &arena);
    real *weights = arena_zeros(&arena, mae.parameters.count);
    real *qkv = weights + parameters_find(&mae.parameters,
                                          "encoder.transformer.0.attn.qkv.weight")
                              ->offset,
         *gamma = weights +
                  parameters_find(&mae.parameters, "encoder.transformer.0.norm1.weight")
                      ->offset;
    for (size_t d = 0; d < D; ++d) {
        gamma[d] = 1;
        qkv[d * D + d] = 1;
        qkv[(D + d) * D + d] = (real)(size * (d < D / H ? 1 : -sign));
    }
    const size_t found =
        head_regions(heads, &mae, weights, tokens, truth, REGIONS, &arena);
    arena_close(&arena);
    return found;
}

Test(token_mixing, heads_choose_the_regions_that_they_look_at)
{
    uint8_t heads[H];
    cr_expect_eq(heads_planted(heads, 20, 1), 2);
    cr_expect(heads[0] == 0 && heads[1] == 1);
    cr_expect_eq(heads_planted(heads, 20, -1), 1);
    cr_expect(heads[0] == 0 && heads[1] == 0);
    cr_expect_eq(heads_planted(heads, 0, 1), 0, "no region has more than half");
    cr_expect(heads[0] == REGIONS && heads[1] == REGIONS);
}

// ====== Before and after the decoder ======

enum { WHOLES = 20, WIDTH = 12, PATCHES = 16, NUMBERS = 192 };

// want (2,WIDTH) = the class token and the mean of the others.
static void mean_by_hand(double want[2][WIDTH], const real *x)
{
    for (size_t d = 0; d < WIDTH; ++d) {
        want[0][d] = (double)x[d];
        want[1][d] = 0;
        for (size_t t = 0; t < PATCHES; ++t)
            want[1][d] += (double)x[(1 + t) * WIDTH + d] / PATCHES;
    }
}

Test(token_mixing, places_are_the_encoders_output_and_the_heads_input)
{
    static const uint32_t some[] = {0, 7, 19};
    const struct mae_shape shape = {32, 3, 8, WIDTH, 1, 1, 2, 2};
    struct weights model = {0};
    struct images images;
    static double tokens[PLACES][WHOLES][WIDTH];
    arena_open_growing(&model.arena, "test");
    mae_open(&model.mae, &shape, &model.arena);
    model.slab = arena_reals(&model.arena, model.mae.parameters.count);
    parameters_initialise(model.slab, &model.mae.parameters, 1);
    planted_make(&images, 1, WHOLES, PLANTED_NOISE);
    places_encode(tokens[0][0], &model, &images, WHOLES, 2);
    // Each image alone, with all patches visible.
    struct mae_activations *alone =
        mae_activations_open(&model.mae, 1, PATCHES, FP32, INFER, &model.arena);
    struct packed_weights packed;
    packed_weights_open(&packed, &model.mae.parameters, model.slab, FP32, INFER,
                        &model.arena);
    packed_weights_pack_all(&packed);
    int32_t visible[PATCHES];
    for (int32_t t = 0; t < PATCHES; ++t) visible[t] = t;
    for (size_t s = 0; s < sizeof some / sizeof *some; ++s) {
        const uint32_t i = some[s];
        real patches[PATCHES * NUMBERS];
        double before[2][WIDTH], after[2][WIDTH];
        patches_from_bytes(patches, images.pixels + i * IMAGE_BYTES, shape.patch);
        const struct mae_input input = {1, PATCHES, patches, visible, 0};
        mae_forward(alone, &model.mae, &packed, &input);
        const struct mae_view view = mae_view(alone, &model.mae);
        mean_by_hand(before, view.encoded);
        mean_by_hand(after, view.decoded);
        const double *const want[PLACES] = {[CLASS_BEFORE] = before[0],
                                            [MEAN_BEFORE] = before[1],
                                            [CLASS_AFTER] = after[0],
                                            [MEAN_AFTER] = after[1]};
        for (int p = 0; p < PLACES; ++p)
            expect_close((const double *)tokens[p][i], want[p], WIDTH, 1e-5, 1e-5);
    }
    images_free(&images);
    arena_close(&model.arena);
}

// ====== Before the decoder and after it ======

// The verdict where the class of so many of 100 images is found at each place.
static const char *projection_of(const size_t found[PLACES])
{
    enum { N = 100 };
    static double values[PLACES][N];
    double *right[PLACES];
    struct study study = {0};
    char words[512];
    for (size_t p = 0; p < PLACES; ++p) {
        right[p] = values[p];
        for (size_t i = 0; i < N; ++i) values[p][i] = i < found[p] ? 100 : 0;
    }
    world_run(&study.run, "--tier smoke --data planted --force 1", words);
    arena_open_growing(&study.arena, "test");
    const struct estimate apart = {.3, .2, .4, N};
    projection_judge(&study, right, N, &apart);
    run_verdict_rest(&study.run, "no part of this test");
    run_close(&study.run);
    arena_close(&study.arena);
    return world_text("results/smoke-planted/02-demo/verdicts.tsv");
}

Test(token_mixing, the_decoder_has_to_lose_the_class_of_both_tokens)
{
    static const size_t loses
        [PLACES] = {[CLASS_BEFORE] = 90,
                    [MEAN_BEFORE] = 80,
                    [CLASS_AFTER] = 40,
                    [MEAN_AFTER] = 40},
   gains[PLACES] = {[CLASS_BEFORE] = 40,
                    [MEAN_BEFORE] = 40,
                    [CLASS_AFTER] = 90,
                    [MEAN_AFTER] = 80},
   one[PLACES] = {
       [CLASS_BEFORE] = 90, [MEAN_BEFORE] = 40, [CLASS_AFTER] = 40, [MEAN_AFTER] = 80};
    const char *verdicts = projection_of(loses);
    cr_expect(strstr(verdicts, "\nremark4.7.projection\tTREND-ONLY\t"), "%s", verdicts);
    verdicts = projection_of(gains);
    cr_expect(strstr(verdicts, "\nremark4.7.projection\tNOT-REPRODUCED\t"), "%s",
              verdicts);
    verdicts = projection_of(one);
    cr_expect(strstr(verdicts, "\nremark4.7.projection\tNOT-REPRODUCED\t"), "%s",
              verdicts);
}
