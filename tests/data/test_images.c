#include "core/data/images.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/data/cifar10.h"
#include "core/data/planted.h"
#include "tests/ending.h"
#include "tests/scratch.h"

Test(images, pixel_values_run_from_minus_one_to_one_and_are_opposite)
{
    cr_expect(pixel_value(0) == -1 && pixel_value(255) == 1);
    for (int b = 0; b < 256; ++b) {
        double x = pixel_value((uint8_t)b);
        cr_expect(x == -pixel_value((uint8_t)(255 - b)), "byte %d", b);
        // The recipe's formula rounds twice, each time by at most 2^-53.
        cr_expect(fabs(x - (b / 127.5 - 1)) <= 0x1p-52, "byte %d gives %.17g", b, x);
    }
}

Test(images, loading_planted_splits_gives_their_sizes_and_digests)
{
    char said[2][HASH_HEX];
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        struct images images;
        images_load(&images, "planted", (enum split)split);
        images_digest(said[split], "planted", (enum split)split);
        cr_expect_eq(images.count, split == SPLIT_TRAIN ? 10000 : 2000);
        cr_expect_str_eq(images.digest, said[split]);
        cr_expect_str_eq(images.name, "planted");
        cr_expect_not_null(images.regions);

        // The last scene is that of the split's seed.
        struct images again;
        size_t last = images.count - 1;
        planted_make(&again, split == SPLIT_TRAIN ? 1 : 2, images.count, 0.05);
        cr_expect_arr_eq(images.pixels + last * IMAGE_BYTES,
                         again.pixels + last * IMAGE_BYTES, IMAGE_BYTES);
        images_free(&again);
        images_free(&images);
        cr_expect(!images.pixels && !images.labels && !images.regions && !images.count);
    }
    cr_expect_str_neq(said[SPLIT_TRAIN], said[SPLIT_TEST]);
}

Test(images, the_digest_of_a_record_is_that_of_its_label_and_pixels)
{
    struct images images;
    char hex[HASH_HEX], expected[HASH_HEX];
    unsigned char record[1 + IMAGE_BYTES];
    images_open(&images, "planted", 2, 0);
    for (size_t i = 0; i < 2 * IMAGE_BYTES; ++i)
        images.pixels[i] = (uint8_t)(7 * i + i / 251);
    images.labels[0] = 3, images.labels[1] = 8;
    for (size_t image = 0; image < 2; ++image) {
        record[0] = images.labels[image];
        memcpy(record + 1, images.pixels + image * IMAGE_BYTES, IMAGE_BYTES);
        hash_bytes(expected, record, sizeof record);
        images_record_digest(hex, &images, image);
        cr_expect_str_eq(hex, expected);
    }
    images_free(&images);
}

Test(images, a_part_borrows_the_arrays_and_has_the_digest_of_its_records)
{
    struct images images;
    char expected[HASH_HEX];
    static unsigned char records[2][1 + IMAGE_BYTES];
    images_open(&images, "planted", 3, 0);
    for (size_t i = 0; i < 3 * IMAGE_BYTES; ++i)
        images.pixels[i] = (uint8_t)(5 * i + i / 253);
    for (size_t i = 0; i < 3; ++i) images.labels[i] = (uint16_t)(9 - i);
    for (size_t i = 0; i < 2; ++i) {
        records[i][0] = (unsigned char)images.labels[1 + i];
        memcpy(records[i] + 1, images.pixels + (1 + i) * IMAGE_BYTES, IMAGE_BYTES);
    }
    const struct images part = images_part(&images, 1, 2);
    hash_bytes(expected, records, sizeof records);
    cr_expect_str_eq(part.digest, expected);
    cr_expect_eq(part.count, 2);
    cr_expect_eq(part.side, IMAGE_SIDE);
    cr_expect_eq(part.labels, images.labels + 1);
    cr_expect_eq(part.pixels, images.pixels + IMAGE_BYTES);
    images_free(&images);
}

Test(images, the_digest_of_cifar10_is_known_without_its_files)
{
    char hex[HASH_HEX];
    setenv("CIFAR10_DIR", "/nowhere", 1);
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split) {
        images_digest(hex, "cifar10", (enum split)split);
        cr_expect_str_eq(hex, cifar10_digest((enum split)split));
        cr_expect_eq(strlen(hex), HASH_HEX - 1);
    }
}

static void load_cifar10(const void *unused)
{
    (void)unused;
    struct images images;
    images_load(&images, "cifar10", SPLIT_TEST);
}

Test(images, absent_cifar10_is_an_input_error_that_says_what_to_do)
{
    scratch_make();
    setenv("CIFAR10_DIR", scratch_folder, 1);
    const char *const parts[] = {scratch_folder, "CIFAR-10 is not here", "make data",
                                 "CIFAR10_DIR", NULL};
    expect_death_naming(__LINE__, load_cifar10, NULL, 3, parts);
}

BREAKS(images, another_name_breaks_the_contract,
       "planted || strcmp(data, \"cifar10\") == 0")
{
    struct images images;
    images_load(&images, "cifar100", SPLIT_TEST);
}
