#include "core/analysis/features.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/ending.h"
#include "tests/scratch.h"

TestSuite(features, .init = scratch_make);

enum { IMAGES = 5, ROWS = 3, WIDTH = 4, NUMBERS = IMAGES * ROWS * WIDTH };
static const char key[] = "0123456789abcdef";

static struct features sample(float *data)
{
    for (size_t i = 0; i < NUMBERS; ++i) data[i] = (float)i / 7;
    return (struct features){IMAGES, ROWS, WIDTH, data, NULL};
}

static struct features wanted(void)
{
    return (struct features){IMAGES, ROWS, WIDTH, NULL, NULL};
}

static char *write_sample(void)
{
    static char path[PATH_SIZE];
    float data[NUMBERS];
    struct features features = sample(data);
    scratch_path(path, "sample.features");
    features_write(&features, path, key);
    return path;
}

Test(features, come_back_as_they_were_written)
{
    float data[NUMBERS];
    sample(data);
    struct features back = wanted();
    cr_assert_eq(features_open(&back, write_sample(), key), 1);
    cr_expect_arr_eq(back.data, data, sizeof data);
    cr_expect_eq(features_image(&back, 2), back.data + 2 * ROWS * WIDTH);
    struct features part = features_part(&back, 1, 4);
    cr_expect(part.images == 3 && part.data == features_image(&back, 1) && !part.map);
    features_close(&back);
    cr_expect_null(back.data);
}

Test(features, a_missing_file_is_no_features_without_a_word)
{
    struct features back = wanted();
    cr_expect_eq(features_open(&back, in_scratch("nothing"), key), 0);
}

Test(features, another_key_or_shape_is_not_used)
{
    char *path = write_sample();
    struct features back = wanted();
    cr_expect_eq(features_open(&back, path, "0123456789abcdee"), 0);
    // The same number of bytes in another shape.
    back = (struct features){ROWS, IMAGES, WIDTH, NULL, NULL};
    cr_expect_eq(features_open(&back, path, key), 0);
    back = (struct features){IMAGES - 1, ROWS, WIDTH, NULL, NULL};
    cr_expect_eq(features_open(&back, path, key), 0);
    back = wanted();
    cr_expect_eq(features_open(&back, path, key), 1);
    features_close(&back);
}

// Every byte of the text that is not padding, and every byte of the numbers.
Test(features, one_bit_wrong_anywhere_is_noticed)
{
    char *path = write_sample();
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    int file = open(path, O_RDWR);
    size_t tried = 0;
    // Silences the five hundred messages.
    cr_assert(freopen("/dev/null", "w", stderr));
    for (off_t at = 0; at < status.st_size; at += at < 300 || at >= 4090 ? 1 : 101) {
        unsigned char byte, wrong;
        cr_assert_eq(pread(file, &byte, 1, at), 1);
        wrong = byte ^ 4;
        cr_assert_eq(pwrite(file, &wrong, 1, at), 1);
        struct features back = wanted();
        cr_expect_eq(features_open(&back, path, key), 0, "byte %ld", (long)at);
        cr_assert_eq(pwrite(file, &byte, 1, at), 1);
        ++tried;
    }
    cr_expect_gt(tried, 500);
    struct features back = wanted();
    cr_expect_eq(features_open(&back, path, key), 1);
    features_close(&back);
    close(file);
}

Test(features, a_cut_or_longer_file_is_not_used)
{
    char *path = write_sample();
    struct stat status;
    cr_assert_eq(stat(path, &status), 0);
    struct features back = wanted();
    cr_assert_eq(truncate(path, status.st_size + 1), 0);
    cr_expect_eq(features_open(&back, path, key), 0);
    cr_assert_eq(truncate(path, status.st_size - 1), 0);
    cr_expect_eq(features_open(&back, path, key), 0);
    cr_assert_eq(truncate(path, 0), 0);
    cr_expect_eq(features_open(&back, path, key), 0);
}

static void write_into_nowhere(const void *path)
{
    float data[NUMBERS];
    struct features features = sample(data);
    features_write(&features, path, key);
}

Test(features, a_place_that_cannot_be_written_ends_the_process)
{
    char *path = write_sample(), below[PATH_SIZE];
    path_format(below, "%s/inside", path);
    expect_ending(__LINE__, write_into_nowhere, below, 4, "is a file, not a folder");
}

BREAKS(features, an_image_beyond_the_set_breaks_the_contract,
       "image < features->images")
{
    float data[NUMBERS];
    struct features features = sample(data);
    features_image(&features, IMAGES);
}
