#include "core/analysis/feature_shards.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/data/centre_crop.h"
#include "core/model/vit_weights.h"
#include "tests/at_once.h"
#include "tests/scratch.h"

// A folder of 3 classes: train has 30 images each, three shards of 32; val has 2 each. One training
// file and one of val cannot be decoded.
enum {
    SHARD = 32,
    CLASSES = 3,
    EACH = 30,
    TRAIN_IMAGES = CLASSES * EACH,
    VAL_EACH = 2
};

static struct imagefolder folder;
static struct vit_weights vit;
static float values[3 * 256];

static void put_links(const char *split, size_t each)
{
    static const char *const pictures[] = {"n00000001/n00000001_13.JPEG",
                                           "n00000002/n00000002_32.JPEG",
                                           "n00000003/n00000003_13.JPEG"};
    char here[PATH_SIZE], from[2 * PATH_SIZE], name[64], path[PATH_SIZE];
    cr_assert(getcwd(here, sizeof here));
    for (size_t c = 0; c < CLASSES; ++c) {
        snprintf(name, sizeof name, "%s/class%zu", split, c);
        scratch_path(path, name);
        folder_make(path);
        for (size_t i = 0; i < each; ++i) {
            const int bad = c == 1 && i == 1;
            snprintf(name, sizeof name, "%s/class%zu/%zu.jpg", split, c, i);
            snprintf(from, sizeof from, "%s/tests/golden/imagefolder/%s%s", here,
                     bad ? "bad/" : "images/train/",
                     bad ? "cut.JPEG" : pictures[(c + i) % 3]);
            scratch_path(path, name);
            cr_assert_eq(symlink(from, path), 0);
        }
    }
}

static void open_all(void)
{
    scratch_make();
    put_links("train", EACH);
    put_links("val", VAL_EACH);
    imagefolder_open(&folder, scratch_folder);
    vit_weights_open(&vit, "tests/golden/imagefolder/vit.safetensors", 0);
    colours_normalise(values);
}

static void close_all(void)
{
    imagefolder_close(&folder);
    vit_weights_close(&vit);
}

static struct shard_source source_of(const char *path, enum split split, int threads)
{
    return (struct shard_source){.folder = &folder,
                                 .split = split,
                                 .mae = &vit.weights.mae,
                                 .weights = vit.weights.slab,
                                 .values = values,
                                 .path = path,
                                 .salt = "test",
                                 .shard = SHARD,
                                 .with_block = 1,
                                 .threads = threads};
}

static void expect_same(int line, const struct feature_shards *a,
                        const struct feature_shards *b)
{
    const struct features *block = &a->features.block, *summary = &a->features.summary;
    cr_expect(
        block->images == b->features.block.images &&
            !memcmp(block->data, b->features.block.data,
                    block->images * block->rows * block->width * sizeof(float)) &&
            !memcmp(summary->data, b->features.summary.data,
                    summary->images * summary->rows * summary->width * sizeof(float)) &&
            !memcmp(a->bad, b->bad, block->images) && !strcmp(a->digest, b->digest),
        "line %d: other features", line);
}

TestSuite(feature_shards, .init = open_all, .fini = close_all);

Test(feature_shards, are_those_of_one_pass_and_name_bad_files)
{
    struct feature_shards shards, val;
    const struct shard_source source = source_of(in_scratch("one"), SPLIT_TRAIN, 2),
                              test = source_of(in_scratch("one"), SPLIT_TEST, 1);
    cr_assert_eq(feature_shards_open(&shards, TRAIN_IMAGES, &source), 0);
    cr_assert_eq(feature_shards_open(&val, CLASSES * VAL_EACH, &test), 0);
    cr_expect_eq(shards.bad_count, 1);
    cr_expect_eq(val.bad_count, 1);

    struct images images;
    struct encoder_features *got = &shards.features;
    images_open_square(&images, "imagefolder", TRAIN_IMAGES, 32, values);
    for (size_t i = 0; i < TRAIN_IMAGES; ++i) {
        unsigned char digest[SHA256_BYTES];
        char fault[PHOTOGRAPH_FAULT];
        int warnings;
        const int read =
            imagefolder_crop(images.pixels + i * 3 * 32 * 32, digest, &warnings,
                             &folder, SPLIT_TRAIN, i, 32, fault);
        cr_expect_eq(shards.bad[i], !read);
        cr_expect_eq(shards.labels[i], folder.split[SPLIT_TRAIN].image[i].label);
        if (!read)
            cr_expect_str_eq(folder.split[SPLIT_TRAIN].image[i].name, "class1/1.jpg");
    }
    const size_t block = got->block.rows * got->block.width,
                 summary = got->summary.rows * got->summary.width;
    float *rows = malloc(TRAIN_IMAGES * block * sizeof *rows),
          *summaries = malloc(TRAIN_IMAGES * summary * sizeof *summaries);
    const struct encoder_source whole = {&vit.weights.mae, vit.weights.slab, &images,
                                         1};
    cr_assert_eq(encoder_features_compute(rows, summaries, &whole), 0);
    cr_expect(!memcmp(got->block.data, rows, TRAIN_IMAGES * block * sizeof *rows));
    cr_expect(
        !memcmp(got->summary.data, summaries, TRAIN_IMAGES * summary * sizeof *rows));
    free(rows);
    free(summaries);
    images_free(&images);

    char path[PATH_SIZE];
    scratch_path(path, "bad.tsv");
    FILE *file = fopen(path, "w");
    cr_assert(file);
    feature_shards_list_bad(file, &source, TRAIN_IMAGES);
    feature_shards_list_bad(file, &test, CLASSES * VAL_EACH);
    fclose(file);
    scratch_expect(__LINE__, path,
                   "train\tclass1/1.jpg\tit ends before the picture does\n"
                   "val\tclass1/1.jpg\tit ends before the picture does\n");
    feature_shards_close(&shards);
    feature_shards_close(&val);
}

// The key knows names and sizes. A file that could not be decoded may have been mended.
Test(feature_shards, a_bad_file_that_was_replaced_is_read_again)
{
    struct feature_shards before, after;
    const struct shard_source test = source_of(in_scratch("one"), SPLIT_TEST, 1);
    cr_assert_eq(feature_shards_open(&before, CLASSES * VAL_EACH, &test), 0);
    size_t size;
    char path[PATH_SIZE], *bytes;
    scratch_path(path, "val/class1/1.jpg");
    bytes = file_read(&size, path, NULL);
    bytes[size - 1] ^= 1;
    cr_assert_eq(remove(path), 0);
    FILE *file = fopen(path, "wb");
    cr_assert(file && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
    free(bytes);
    cr_assert_eq(feature_shards_open(&after, CLASSES * VAL_EACH, &test), 0);
    cr_expect_eq(after.bad_count, 1);
    cr_expect(strcmp(before.digest, after.digest) != 0, "the list is the old one");
    feature_shards_close(&before);
    feature_shards_close(&after);
}

// Other weights or another salt give other features at the same path. The values of colours are in
// no key, so that after the salt's change only what is computed anew sees them.
Test(feature_shards, of_another_source_are_not_used)
{
    struct feature_shards fresh, after;
    struct shard_source test = source_of(in_scratch("one"), SPLIT_TEST, 1);
    cr_assert_eq(feature_shards_open(&after, CLASSES * VAL_EACH, &test), 0);
    feature_shards_close(&after);
    for (int change = 0; change < 2; ++change) {
        const char *const paths[] = {"weights", "salt"};
        if (change == 0) vit.weights.slab[vit.weights.mae.parameters.count / 4] += 1;
        if (change == 1) {
            test.salt = "pepper";
            for (size_t i = 0; i < sizeof values / sizeof *values; ++i) values[i] /= 2;
        }
        struct shard_source other = test;
        other.path = in_scratch(paths[change]);
        cr_assert_eq(feature_shards_open(&fresh, CLASSES * VAL_EACH, &other), 0);
        cr_assert_eq(feature_shards_open(&after, CLASSES * VAL_EACH, &test), 0);
        expect_same(__LINE__, &fresh, &after);
        feature_shards_close(&fresh);
        feature_shards_close(&after);
    }
}

// A pass that was killed has left some shards, and a shard without its last file; a bit is wrong.
Test(feature_shards, a_pass_begun_again_ends_with_the_same_bytes)
{
    struct feature_shards once, again;
    struct stat before, after;
    const struct shard_source one = source_of(in_scratch("one"), SPLIT_TRAIN, 1),
                              two = source_of(in_scratch("two"), SPLIT_TRAIN, 3);
    cr_assert_eq(feature_shards_open(&once, TRAIN_IMAGES, &one), 0);
    cr_assert_eq(feature_shards_open(&again, SHARD, &two), 0);
    cr_expect_eq(again.features.block.images, SHARD);
    feature_shards_close(&again);
    cr_assert_eq(stat(in_scratch("two/train-00000-block.features"), &before), 0);
    cr_assert_eq(feature_shards_open(&again, TRAIN_IMAGES, &two), 0);
    cr_assert_eq(stat(in_scratch("two/train-00000-block.features"), &after), 0);
    cr_expect(before.st_ino == after.st_ino, "a whole shard was made again");
    expect_same(__LINE__, &once, &again);
    feature_shards_close(&again);

    cr_assert_eq(remove(in_scratch("two/train-00001.files")), 0);
    FILE *file = fopen(in_scratch("two/train-00002-block.features"), "r+b");
    cr_assert(file && !fseek(file, 5000, SEEK_SET) && fputc('!', file) == '!');
    fclose(file);
    cr_assert_eq(feature_shards_open(&again, TRAIN_IMAGES, &two), 0);
    expect_same(__LINE__, &once, &again);
    feature_shards_close(&again);
    file = fopen(in_scratch("two/train-00000.files"), "r+b");
    cr_assert(file && !fseek(file, -3, SEEK_END) && fputc('!', file) == '!');
    fclose(file);
    cr_assert_eq(feature_shards_open(&again, TRAIN_IMAGES, &two), 0);
    expect_same(__LINE__, &once, &again);
    feature_shards_close(&again);
    feature_shards_close(&once);
}

enum { ENCODERS = 2, TURNS = 8 };

static void encoder_choose(int p)
{
    vit.weights.slab[vit.weights.mae.parameters.count / 4] = (real)p;
}

// expected: (ENCODERS) made in folders of their own. Returns 0 when those of encoder p are equal.
static int open_own(int p, const void *expected)
{
    const struct feature_shards *own = (const struct feature_shards *)expected + p;
    encoder_choose(p);
    const struct shard_source source = source_of(in_scratch("both"), SPLIT_TRAIN, 1);
    for (int turn = 0; turn < TURNS; ++turn) {
        struct feature_shards shards;
        if (feature_shards_open(&shards, TRAIN_IMAGES, &source)) return 1;
        const struct features *got = &shards.features.summary;
        if (memcmp(got->data, own->features.summary.data,
                   got->images * got->rows * got->width * sizeof *got->data))
            return 2;
        feature_shards_close(&shards);
    }
    return 0;
}

// Each finds the other's shards, and replaces them.
Test(feature_shards, of_two_encoders_in_one_folder_at_once_are_not_mixed)
{
    static const char *const paths[ENCODERS] = {"first", "second"};
    struct feature_shards expected[ENCODERS];
    for (int p = 0; p < ENCODERS; ++p) {
        encoder_choose(p);
        const struct shard_source source =
            source_of(in_scratch(paths[p]), SPLIT_TRAIN, 1);
        cr_assert_eq(feature_shards_open(&expected[p], TRAIN_IMAGES, &source), 0);
    }
    at_once(__LINE__, ENCODERS, open_own, expected);
    for (int p = 0; p < ENCODERS; ++p) feature_shards_close(&expected[p]);
}
