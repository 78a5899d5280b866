#include "core/train/finetune.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <signal.h>

#include "core/base/die.h"
#include "core/data/batches.h"
#include "core/data/patches.h"
#include "core/model/classifier.h"
#include "core/train/adamw.h"
#include "core/train/classify.h"
#include "core/train/finetune_names.h"
#include "core/train/loss.h"
#include "core/train/train_log.h"
#include "tests/expect_close.h"
#include "tests/train/tiny.h"

TestSuite(finetune, .init = scratch_make);

enum { TESTED = 30, TOKENS = 16, PATCH = 192, BATCH = 8 };

// A finetuning of a tiny pretraining: 40 scenes, 20 updates, with its own folder.
struct small {
    char folder[PATH_SIZE], weights[PATH_SIZE], checkpoint[PATH_SIZE], log[PATH_SIZE];
    struct tiny tiny; // the pretraining, and the images to train on
    struct weights pretrained;
    struct images test;
    uint16_t predicted[TESTED];
    struct finetune settings;
    struct finetune_outcome outcome;
};

static void small_open(struct small *small)
{
    static int count;
    tiny_open(&small->tiny);
    pretrain_run(&small->tiny.settings);
    weights_open(&small->pretrained, small->tiny.weights, NULL, 0);
    planted_make(&small->test, 2, TESTED, PLANTED_NOISE);
    path_format(small->folder, "%s/finetune/%d", scratch_folder, count++);
    path_format(small->weights, "%s/weights.safetensors", small->folder);
    path_format(small->checkpoint, "%s/checkpoint.safetensors", small->folder);
    path_format(small->log, "%s/log.tsv", small->folder);
    small->outcome = (struct finetune_outcome){.predicted = small->predicted};
    small->settings = (struct finetune){
        .recipe = small->tiny.settings.recipe,
        .pretrained = &small->pretrained,
        .seed = 5,
        .arithmetic = FP32,
        .threads = 1,
        .images = &small->tiny.images,
        .test = &small->test,
        .folder = small->folder,
        .code = "tests",
        .resume_command = "make small",
    };
    small->settings.recipe.mask_ratio = 0;
    small->settings.recipe.learning_rate = 3e-3;
    small->settings.recipe.beta2 = .999;
}

static void small_close(struct small *small)
{
    images_free(&small->test);
    weights_close(&small->pretrained);
    tiny_close(&small->tiny);
}

static int run(struct small *small)
{
    memset(small->predicted, 99, sizeof small->predicted);
    return finetune_run(&small->outcome, &small->settings);
}

// In a child because it may end its process.
static void small_train(const void *argument)
{
    const struct small *small = argument;
    uint16_t predicted[TESTED];
    struct finetune_outcome outcome = {.predicted = predicted};
    finetune_run(&outcome, &small->settings);
}

#define small_expect(small, code, part)                                                \
    expect_ending(__LINE__, small_train, small, code, part)

// The finetuned numbers, in `arena`.
static real *numbers_of(const struct small *small, const struct classifier *classifier,
                        struct arena *arena)
{
    struct safetensors file;
    real *numbers = arena_reals(arena, classifier->parameters.count);
    safetensors_read(&file, small->weights, NULL);
    safetensors_weights(numbers, &classifier->parameters, &file, "");
    safetensors_free(&file);
    return numbers;
}

static void classifier_of(struct classifier *classifier, const struct small *small,
                          struct arena *arena)
{
    arena_open(arena, "test", 32 << 20);
    classifier_open(classifier, &small->settings.recipe.shape, IMAGE_CLASSES, arena);
}

// ====== What it computes ======

// At a learning rate of 0 nothing moves: what is written is what it began with.
Test(finetune, it_begins_with_the_pretrained_encoder_and_a_random_head)
{
    struct small small;
    struct classifier classifier;
    struct arena arena;
    small_open(&small);
    classifier_of(&classifier, &small, &arena);
    const struct parameters *table = &classifier.parameters;
    const size_t head = parameters_find(table, "head.weight")->offset;
    small.settings.recipe.learning_rate = 0;
    real *want = arena_reals(&arena, table->count);
    parameters_initialise(want, table, 5);

    small.settings.pretrained = NULL;
    cr_expect_eq(run(&small), 1);
    expect_close(numbers_of(&small, &classifier, &arena), (const real *)want,
                 table->count, 1e-7, 0);
    small.settings.pretrained = &small.pretrained;
    cr_expect_eq(run(&small), 1);
    classifier_take_encoder(want, &classifier, small.pretrained.slab,
                            &small.pretrained.mae);
    const real *got = numbers_of(&small, &classifier, &arena);
    expect_close(got, (const real *)want, table->count, 1e-7, 0);
    cr_expect(memcmp(got, small.pretrained.slab, head * sizeof(real)) == 0);
    arena_close(&arena);
    small_close(&small);
}

// Loss and gradient of images in one piece, at the weights a finetuning begins with.
static double in_one_piece(real *gradient, real *weights, const struct small *small,
                           const struct classifier *classifier, const uint32_t *image,
                           size_t images, struct arena *arena)
{
    struct packed_weights packed;
    real *patches = arena_reals(arena, images * TOKENS * PATCH);
    real *dlogits = arena_reals(arena, images * IMAGE_CLASSES);
    uint16_t labels[TINY_IMAGES];
    parameters_initialise(weights, &classifier->parameters, small->settings.seed);
    classifier_take_encoder(weights, classifier, small->pretrained.slab,
                            &small->pretrained.mae);
    packed_weights_open(&packed, &classifier->parameters, weights, FP32, TRAIN, arena);
    packed_weights_pack_all(&packed);
    for (size_t b = 0; b < images; ++b) {
        patches_from_bytes(patches + b * TOKENS * PATCH,
                           small->tiny.images.pixels + image[b] * IMAGE_BYTES, 8);
        labels[b] = small->tiny.images.labels[image[b]];
    }
    struct classifier_activations *activations =
        classifier_activations_open(classifier, images, FP32, TRAIN, arena);
    const real *logits = classifier_forward(activations, classifier, &packed, patches);
    double loss = cross_entropy_loss(dlogits, logits, labels, images, IMAGE_CLASSES, 1);
    classifier_backward(gradient, activations, classifier, &packed, patches, dlogits);
    return loss;
}

// Each image is seen once an epoch, always at the same weights.
Test(finetune, the_loss_of_an_epoch_is_the_mean_cross_entropy_of_the_images)
{
    struct small small;
    struct classifier classifier;
    struct arena arena;
    struct train_log log;
    uint32_t all[TINY_IMAGES];
    small_open(&small);
    classifier_of(&classifier, &small, &arena);
    small.settings.recipe.learning_rate = 0;
    run(&small);
    for (uint32_t i = 0; i < TINY_IMAGES; ++i) all[i] = i;
    real *weights = arena_reals(&arena, classifier.parameters.count),
         *gradient = arena_reals(&arena, classifier.parameters.count);
    double want =
        in_one_piece(gradient, weights, &small, &classifier, all, TINY_IMAGES, &arena);
    train_log_open(&log, small.log, UINT64_MAX);
    cr_assert_eq(log.count, 4);
    for (size_t i = 0; i < 4; ++i)
        cr_expect(fabs(log.line[i].loss - want) <= 1e-6 * want, "%.9g not %.9g",
                  log.line[i].loss, want);
    train_log_close(&log);
    arena_close(&arena);
    small_close(&small);
}

// With an epsilon of 1 a step is nearly linear in the gradient, so that rounding stays rounding.
Test(finetune, an_update_is_adamw_on_the_gradient_of_the_whole_batch)
{
    struct small small;
    struct classifier classifier;
    struct arena arena;
    struct batches batches;
    uint32_t image[BATCH], epoch[BATCH];
    small_open(&small);
    classifier_of(&classifier, &small, &arena);
    const size_t count = classifier.parameters.count;
    struct recipe *recipe = &small.settings.recipe;
    recipe->epochs = .2;
    recipe->warmup = 0;
    recipe->epsilon = 1;
    recipe->learning_rate = 1;
    small.settings.threads = 2;
    run(&small);
    cr_expect_eq(small.outcome.updates, 1);
    real *w = arena_reals(&arena, count), *g = arena_reals(&arena, count),
         *m = arena_zeros(&arena, count), *v = arena_zeros(&arena, count);
    batches_open(&batches, TINY_IMAGES, BATCH, 5, &arena);
    batches_take(image, epoch, &batches, 0);
    in_one_piece(g, w, &small, &classifier, image, BATCH, &arena);
    const struct adamw adamw = {.learning_rate = 1,
                                .beta1 = .9,
                                .beta2 = .999,
                                .epsilon = 1,
                                .weight_decay = .05};
    adamw_update(w, m, v, g, 0, count, 1, &adamw);
    double largest = 0;
    for (size_t i = 0; i < count; ++i) largest = fmax(largest, fabs((double)g[i]));
    cr_expect_gt(largest, .01, "the gradient would not show");
    // The file is in float.
    expect_close(numbers_of(&small, &classifier, &arena), (const real *)w, count, 1e-6,
                 1e-5 * largest);
    arena_close(&arena);
    small_close(&small);
}

Test(finetune, it_learns_the_classes_by_heart)
{
    struct small small;
    small_open(&small);
    small.settings.recipe.epochs = 60;
    small.settings.threads = 2;
    struct images seen = small.tiny.images;
    seen.count = TESTED;
    small.settings.test = &seen;
    run(&small);
    cr_expect_gt(small.outcome.accuracy, .9, "%g", small.outcome.accuracy);
    small_close(&small);
}

// ====== The outcome ======

Test(finetune, the_outcome_is_that_of_the_last_update_and_the_best_stands_beside_it)
{
    struct small small;
    struct classifier classifier;
    struct arena arena;
    struct train_log log;
    uint16_t predicted[TESTED];
    char digest[HASH_HEX];
    small_open(&small);
    classifier_of(&classifier, &small, &arena);
    // Steps that large make the accuracy jump about.
    small.settings.recipe.learning_rate = .05;
    small.settings.recipe.epochs = 12;
    cr_expect_eq(run(&small), 1);
    struct classification classification = {.classifier = &classifier,
                                            .weights =
                                                numbers_of(&small, &classifier, &arena),
                                            .images = &small.test,
                                            .threads = 3};
    cr_assert_eq(classify_images(predicted, &classification), 0);
    cr_expect_arr_eq(small.predicted, predicted, sizeof predicted);
    cr_expect_eq(small.outcome.accuracy,
                 classification_accuracy(predicted, small.test.labels, TESTED));
    cr_expect_eq(small.outcome.updates, 60);
    hash_file(digest, small.weights);
    cr_expect_str_eq(small.outcome.digest, digest);

    train_log_open(&log, small.log, UINT64_MAX);
    cr_assert_eq(log.count, 12);
    double best = 0, epoch = 0;
    for (size_t i = 0; i < 12; ++i)
        if (log.line[i].accuracy > best)
            best = log.line[i].accuracy, epoch = log.line[i].epoch;
    cr_expect(small.outcome.best == best && small.outcome.best_epoch == epoch);
    cr_expect_eq(log.line[11].accuracy, small.outcome.accuracy);
    cr_expect_gt(best, small.outcome.accuracy, "the test would not tell them apart");
    train_log_close(&log);
    arena_close(&arena);
    small_close(&small);
}

Test(finetune, a_result_that_is_there_is_not_made_again)
{
    struct small small;
    char before[HASH_HEX];
    small_open(&small);
    cr_expect_eq(finetune_ready(&small.settings), 0);
    cr_expect_eq(run(&small), 1);
    cr_expect_eq(finetune_ready(&small.settings), 1);
    struct finetune_outcome first = small.outcome;
    uint16_t predicted[TESTED];
    memcpy(predicted, small.predicted, sizeof predicted);
    hash_file(before, small.weights);
    small.settings.threads = 2;
    cr_expect_eq(run(&small), 0);
    cr_expect_arr_eq(small.predicted, predicted, sizeof predicted);
    cr_expect(small.outcome.accuracy == first.accuracy &&
              small.outcome.best == first.best &&
              small.outcome.best_epoch == first.best_epoch &&
              small.outcome.updates == first.updates);
    cr_expect_str_eq(small.outcome.digest, before);
    small.settings.force = 1;
    cr_expect_eq(finetune_ready(&small.settings), 0);
    cr_expect_eq(run(&small), 1);
    cr_expect_str_eq(small.outcome.digest, before);
    small_close(&small);
}

Test(finetune, its_folder_and_its_name_say_what_it_is)
{
    char folder[PATH_SIZE], name[FINETUNE_NAME];
    struct recipe recipe = finetune_recipe("desk", "m75-h6");
    recipe_set_epochs(&recipe, .5);
    finetune_folder(folder, "results/desk-cifar10", "scratch", &recipe, 50000, "*", 7);
    cr_expect_str_eq(folder,
                     "results/desk-cifar10/runs/scratch-m75-h6-50000x0.5-*-seed7");
    finetune_name(name, "finetuned", "m75-h3", 1);
    cr_expect_str_eq(name, "finetuned-m75-h3-seed1");
}

Test(finetune, whatever_it_follows_from_makes_it_again)
{
    struct small small;
    small_open(&small);
    run(&small);
    struct images fewer = small.tiny.images;
    fewer.count = 32;
    struct finetune saved = small.settings, others[6];
    for (size_t i = 0; i < 6; ++i) others[i] = saved;
    others[0].seed = 6;
    others[1].recipe.learning_rate *= 2;
    others[2].pretrained = NULL;
    others[3].images = &fewer;
    others[4].code = "abc";
    others[5].recipe.epochs = 3;
    char digest[HASH_HEX];
    memcpy(digest, small.outcome.digest, HASH_HEX);
    for (size_t i = 0; i < 6; ++i) {
        small.settings = others[i];
        cr_expect_eq(finetune_ready(&small.settings), 0, "other %zu", i);
        cr_expect_eq(run(&small), 1, "other %zu", i);
        cr_expect_str_neq(small.outcome.digest, digest, "other %zu", i);
        cr_expect_eq(run(&small), 0, "other %zu", i);
    }
    small.settings = saved;
    cr_expect_eq(run(&small), 1);
    cr_expect_str_eq(small.outcome.digest, digest);
    // A pretraining of other bits, be they in a number that the encoder does not have.
    real *last = small.pretrained.slab + small.pretrained.mae.parameters.count - 1;
    *last += 1;
    cr_expect_eq(finetune_ready(&small.settings), 0);
    cr_expect_eq(run(&small), 1);
    small_close(&small);
}

// Where no key of the sources tells that it is quickly made again, weights of another start stay.
Test(finetune, weights_that_took_hours_are_not_replaced, .exit_code = EXIT_INPUT)
{
    struct small small;
    small_open(&small);
    small.settings.code = NULL;
    run(&small);
    small.pretrained.slab[0] += 1;
    run(&small);
}

Test(finetune, the_weights_say_where_they_come_from)
{
    struct small small;
    struct safetensors file;
    small_open(&small);
    small.settings.code = "abc";
    run(&small);
    safetensors_read(&file, small.weights, NULL);
    static const char *const facts[][2] = {
        {"format", "pt"},  {"run", "tiny"}, {"tier", "smoke"},      {"data", "planted"},
        {"updates", "20"}, {"seed", "5"},   {"images_seen", "160"}, {"epochs", "4"},
        {"heads", "2"},    {"patch", "8"},  {"code", "abc"}};
    for (size_t i = 0; i < sizeof facts / sizeof *facts; ++i)
        cr_expect_str_eq(safetensors_metadata(&file, facts[i][0]), facts[i][1]);
    const char *recipe = safetensors_metadata(&file, "recipe");
    char start[HASH_HEX + 8], digest[HASH_HEX];
    slab_digest(digest, small.pretrained.slab, small.pretrained.mae.parameters.count);
    snprintf(start, sizeof start, " start=%s", digest);
    cr_expect(strstr(recipe, " mask_ratio=0 ") && strstr(recipe, " images=40 ") &&
              strstr(recipe, " classes=10 ") && strstr(recipe, start));
    cr_expect_eq(strtod(safetensors_metadata(&file, "test_accuracy"), NULL),
                 small.outcome.accuracy);
    safetensors_free(&file);
    small_close(&small);
}

Test(finetune, a_damaged_result_is_refused)
{
    struct small small;
    size_t size;
    small_open(&small);
    run(&small);
    char *bytes = file_read(&size, small.weights, NULL);
    bytes[size - 6] ^= 8;
    scratch_write(small.weights, bytes, size);
    expect_death(__LINE__, small_train, &small, 3, "is damaged: the SHA-256 of its ");
    free(bytes);
    small_close(&small);
}

Test(finetune, a_result_without_its_best_is_refused)
{
    struct small small;
    size_t size;
    small_open(&small);
    run(&small);
    char *bytes = file_read(&size, small.weights, NULL);
    char *word = memmem(bytes, size, "\"best_epoch\"", 12);
    cr_assert_not_null(word);
    word[1] = 'r';
    scratch_write(small.weights, bytes, size);
    expect_death(__LINE__, small_train, &small, 3, "lack best_epoch");
    free(bytes);
    small_close(&small);
}

Test(finetune, the_recipe_is_the_public_code_s)
{
    struct recipe desk = finetune_recipe("desk", "m75-h6"),
                  paper = finetune_recipe("paper", "m75-h3");
    cr_expect(desk.shape.patch == 4 && desk.shape.encoder_heads == 6);
    cr_expect(paper.shape.patch == 2 && paper.shape.encoder_heads == 3);
    cr_expect(paper.mask_ratio == 0 && paper.batch == 128 && paper.epochs == 100 &&
              paper.warmup == 5 && paper.learning_rate == 1e-3 * 128 / 256 &&
              paper.beta1 == .9 && paper.beta2 == .999 && paper.weight_decay == .05);
    // At the desk tier it is a tenth as long, and in all else the same.
    cr_expect_eq(desk.epochs, 10);
    recipe_set_epochs(&desk, paper.epochs);
    desk.tier = paper.tier, desk.run = paper.run, desk.shape = paper.shape;
    char text[RECIPE_TEXT], same[RECIPE_TEXT];
    recipe_text(text, &paper);
    recipe_text(same, &desk);
    cr_expect_str_eq(text, same);
}

// A checkpoint is F32, so only the builds that compute in float go on to the same bits.
#ifndef REAL_DOUBLE

// ====== The same bits ======

static void same_result(const struct small *a, const struct small *b, int line)
{
    struct train_log one, two;
    tiny_same_file(a->weights, b->weights, line);
    train_log_open(&one, a->log, UINT64_MAX);
    train_log_open(&two, b->log, UINT64_MAX);
    cr_assert_eq(one.count, two.count);
    for (size_t i = 0; i < one.count; ++i) {
        const struct log_line *x = &one.line[i], *y = &two.line[i];
        cr_expect(x->epoch == y->epoch && x->updates == y->updates &&
                      x->loss == y->loss && x->accuracy == y->accuracy,
                  "line %d: log's line %zu", line, i);
        cr_expect_str_eq(x->weights_sha256, y->weights_sha256);
    }
    train_log_close(&one);
    train_log_close(&two);
}

Test(finetune, the_weights_do_not_know_the_number_of_threads)
{
    static const int threads[] = {2, 3, 4, 7};
    struct small one, other;
    small_open(&one);
    run(&one);
    for (size_t t = 0; t < 4; ++t) {
        small_open(&other);
        other.settings.threads = threads[t];
        run(&other);
        same_result(&one, &other, __LINE__);
        cr_expect_arr_eq(one.predicted, other.predicted, sizeof one.predicted);
        small_close(&other);
    }
    small_close(&one);
}

// As small_open, from scratch and wide enough that whole tiles are in use.
static void wide_open(struct small *small, enum arithmetic arithmetic, int threads)
{
    small_open(small);
    small->settings.pretrained = NULL;
    small->settings.recipe.shape = (struct mae_shape){32, 3, 8, 48, 1, 1, 2, 2};
    small->settings.arithmetic = arithmetic;
    small->settings.threads = threads;
    run(small);
}

Test(finetune, bf16_has_bits_of_its_own_the_same_on_any_number_of_threads)
{
    static const int threads[] = {2, 3, 7};
    struct small plain, one, other;
    struct safetensors file;
    wide_open(&plain, FP32, 1);
    wide_open(&one, BF16, 1);
    cr_expect_str_neq(plain.outcome.digest, one.outcome.digest);
    safetensors_read(&file, one.weights, NULL);
    cr_expect_str_eq(safetensors_metadata(&file, "arithmetic"), "bf16");
    safetensors_free(&file);
    for (size_t t = 0; t < 3; ++t) {
        wide_open(&other, BF16, threads[t]);
        same_result(&one, &other, __LINE__);
        small_close(&other);
    }
    one.settings.arithmetic = FP32;
    cr_expect_eq(run(&one), 1, "fp32 is another result");
    cr_expect_str_eq(plain.outcome.digest, one.outcome.digest);
    small_close(&one);
    small_close(&plain);
}

static void kill_at_12(uint64_t updates)
{
    if (updates == 12) kill(getpid(), SIGKILL);
}

Test(finetune, killed_it_goes_on_to_the_same_bits_on_other_threads)
{
    struct small whole, killed;
    small_open(&whole);
    run(&whole);
    small_open(&killed);
    killed.settings.after_update = kill_at_12;
    small_expect(&killed, -SIGKILL, "");
    cr_expect(file_exists(killed.checkpoint) && !file_exists(killed.weights));
    killed.settings.after_update = NULL;
    killed.settings.threads = 3;
    small_expect(&killed, 0, "going on after update 10 of 20");
    same_result(&whole, &killed, __LINE__);
    cr_expect_eq(run(&killed), 0);
    cr_expect_arr_eq(whole.predicted, killed.predicted, sizeof whole.predicted);
    small_close(&killed);
    small_close(&whole);
}

static void interrupt_at_20(uint64_t updates)
{
    if (updates == 20) raise(SIGINT);
}

static void train_two(const void *argument)
{
    const struct small *smalls = argument;
    small_train(&smalls[0]);
    small_train(&smalls[1]);
}

// As `make table2` does: several finetunings in one process.
Test(finetune, a_signal_in_the_last_update_saves_the_result_and_begins_no_other)
{
    struct small smalls[2];
    small_open(&smalls[0]);
    small_open(&smalls[1]);
    smalls[0].settings.after_update = interrupt_at_20;
    expect_ending(__LINE__, train_two, smalls, 4, "(to go on: make small)");
    cr_expect(file_exists(smalls[0].weights));
    cr_expect_not(file_exists(smalls[1].log));
    small_close(&smalls[0]);
    small_close(&smalls[1]);
}

// What was finetuned elsewhere, from the weights from which these were rounded.
Test(finetune, a_shipped_result_is_read_when_it_is_of_the_same_finetuning)
{
    struct small small, other;
    char trained[PATH_SIZE], rounded[PATH_SIZE];
    small_open(&small);
    small.settings.arithmetic = BF16;
    run(&small);
    const struct finetune_outcome made = small.outcome;
    path_format(trained, "%s/finetuned", scratch_folder);
    path_format(rounded, "%s/pretrained", scratch_folder);
    cr_assert_eq(rename(small.weights, trained), 0);
    safetensors_write_rounded(rounded, &small.pretrained.file,
                              &small.pretrained.mae.parameters, small.pretrained.slab);

    small_open(&other);
    weights_close(&other.pretrained);
    weights_open(&other.pretrained, rounded, NULL, 0);
    cr_assert_eq(finetune_read(&other.outcome, &other.settings, trained, 0), 1);
    cr_expect_eq(other.outcome.accuracy, made.accuracy);
    cr_expect_eq(other.outcome.best, made.best);
    cr_expect_eq(other.outcome.updates, made.updates);
    cr_expect_str_eq(other.outcome.digest, made.digest);
    cr_expect_str_eq(other.outcome.arithmetic, "bf16");
    cr_expect_eq(finetune_read(&other.outcome, &other.settings, trained, 1), 0);
    cr_expect_not(file_exists(other.weights), "it was trained");

    const struct finetune saved = other.settings;
    other.settings.seed++;
    cr_expect_eq(finetune_read(&other.outcome, &other.settings, trained, 0), 0);
    other.settings = saved;
    other.settings.recipe.learning_rate *= 2;
    cr_expect_eq(finetune_read(&other.outcome, &other.settings, trained, 0), 0);
    other.settings = saved;
    other.settings.pretrained = NULL;
    cr_expect_eq(finetune_read(&other.outcome, &other.settings, trained, 0), 0);
    small_close(&small);
    small_close(&other);
}

// From the weights that are shipped themselves.
Test(finetune, what_began_from_rounded_weights_is_read_too)
{
    struct small small;
    char finetuned[PATH_SIZE], rounded[PATH_SIZE];
    small_open(&small);
    path_format(finetuned, "%s/finetuned", scratch_folder);
    path_format(rounded, "%s/pretrained", scratch_folder);
    safetensors_write_rounded(rounded, &small.pretrained.file,
                              &small.pretrained.mae.parameters, small.pretrained.slab);
    weights_close(&small.pretrained);
    weights_open(&small.pretrained, rounded, NULL, 0);
    cr_assert_eq(run(&small), 1);
    cr_assert_eq(rename(small.weights, finetuned), 0);
    cr_expect_eq(finetune_read(&small.outcome, &small.settings, finetuned, 0), 1);
    cr_expect_str_eq(small.outcome.trainer, "", "this program trained it");
    small_close(&small);
}

// Writes the finetuned numbers as another program does, which names itself and no kernels.
static void write_by(const char *trainer, const char *path, const struct small *small)
{
    struct arena arena;
    struct classifier classifier;
    struct safetensors file;
    struct metadata metadata[32];
    size_t count = 0;
    const cJSON *item;
    classifier_of(&classifier, small, &arena);
    const struct slab slab = {"", numbers_of(small, &classifier, &arena)};
    safetensors_read(&file, small->weights, NULL);
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(file.header, "__metadata__");
    cJSON_ArrayForEach(item, all)
    {
        const int kernels = strcmp(item->string, "core_type") == 0;
        metadata[count++] =
            (struct metadata){item->string, kernels ? "none" : item->valuestring};
    }
    metadata[count++] = (struct metadata){"trainer", trainer};
    safetensors_write(path, &classifier.parameters, &slab, 1, metadata, count,
                      TENSOR_F32);
    safetensors_free(&file);
    arena_close(&arena);
}

static void read_elsewhere(const void *argument)
{
    const struct small *small = argument;
    uint16_t predicted[TESTED];
    char path[PATH_SIZE];
    struct finetune_outcome outcome = {.predicted = predicted};
    path_format(path, "%s/elsewhere", scratch_folder);
    finetune_read(&outcome, &small->settings, path, 0);
}

Test(finetune, a_result_of_another_program_names_it)
{
    struct small small;
    char path[PATH_SIZE];
    small_open(&small);
    run(&small);
    const double accuracy = small.outcome.accuracy;
    path_format(path, "%s/elsewhere", scratch_folder);
    write_by("PyTorch 2.1 on a CPU", path, &small);
    cr_assert_eq(finetune_read(&small.outcome, &small.settings, path, 0), 1);
    cr_expect_str_eq(small.outcome.trainer, "PyTorch 2.1 on a CPU");
    cr_expect_eq(small.outcome.accuracy, accuracy);
    write_by("two\nlines", path, &small);
    expect_ending(__LINE__, read_elsewhere, &small, EXIT_INPUT,
                  "its metadata's trainer holds a tab or a line's end");
    small_close(&small);
}

#endif
