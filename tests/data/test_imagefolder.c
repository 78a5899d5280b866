#include "core/data/imagefolder.h"

#include <string.h>
#include <sys/resource.h>

#include "core/base/die.h"
#include "core/base/npy.h"
#include "core/base/tsv.h"
#include "core/data/centre_crop.h"
#include "core/data/patches.h"
#include "tests/ending.h"
#include "tests/scratch.h"

enum { SIDE = 32, CROP = 3 * SIDE * SIDE, TRAIN = 10, VAL = 5 };

static const char GOLDEN[] = "tests/golden/imagefolder";

static void golden(struct npy *array, const char *name)
{
    char path[PATH_SIZE];
    path_format(path, "%s/%s", GOLDEN, name);
    npy_read(array, path);
}

static void golden_folder(struct imagefolder *folder)
{
    char path[PATH_SIZE];
    path_format(path, "%s/images", GOLDEN);
    imagefolder_open(folder, path);
}

// The row of an image in the manifest and in crops.npy.
static size_t row_of(const struct tsv *manifest, const char *split, const char *name)
{
    char path[PATH_SIZE];
    path_format(path, "%s/%s", split, name);
    const long row = tsv_row(manifest, "path", path);
    cr_assert(row >= 0, "%s", path);
    return (size_t)row;
}

// Odd sizes, grey, CMYK, EXIF-rotated, progressive, enlarged, a PNG: to the byte.
Test(imagefolder, crops_labels_places_and_digests_are_those_of_pillow)
{
    struct npy crops;
    struct tsv manifest;
    struct imagefolder folder;
    char path[PATH_SIZE], fault[PHOTOGRAPH_FAULT];
    golden(&crops, "crops.npy");
    path_format(path, "%s/manifest.tsv", GOLDEN);
    tsv_read(&manifest, path);
    golden_folder(&folder);
    cr_assert(folder.classes == 3 && folder.split[SPLIT_TRAIN].count == TRAIN &&
              folder.split[SPLIT_TEST].count == VAL &&
              !imagefolder_is_imagenet(&folder));
    for (int split = SPLIT_TRAIN; split <= SPLIT_TEST; ++split)
        for (size_t i = 0; i < folder.split[split].count; ++i) {
            const struct folder_image *image = &folder.split[split].image[i];
            const size_t row =
                row_of(&manifest, split == SPLIT_TRAIN ? "train" : "val", image->name);
            unsigned char digest[SHA256_BYTES];
            uint8_t crop[CROP];
            char hex[HASH_HEX];
            int warnings;
            cr_assert(imagefolder_crop(crop, digest, &warnings, &folder,
                                       (enum split)split, i, SIDE, fault),
                      "%s: %s", image->name, fault);
            for (size_t b = 0; b < SHA256_BYTES; ++b)
                snprintf(hex + 2 * b, 3, "%02x", digest[b]);
            cr_expect_str_eq(hex, tsv_cell(&manifest, row, "sha256"));
            cr_expect_eq(image->label, tsv_number(&manifest, row, "label"));
            cr_expect_eq(image->place, tsv_number(&manifest, row, "rank"));
            const uint8_t *want = (const uint8_t *)crops.data + row * CROP;
            size_t wrong = 0;
            for (size_t n = 0; n < CROP; ++n) wrong += crop[n] != want[n];
            cr_expect_eq(wrong, 0, "%s: %zu of %d bytes differ", image->name, wrong,
                         CROP);
        }
    imagefolder_close(&folder);
    tsv_free(&manifest);
    npy_free(&crops);
}

Test(imagefolder, a_prefix_holds_the_first_places_of_every_class)
{
    struct imagefolder folder;
    golden_folder(&folder);
    // 4, 3 and 3 training images.
    static const size_t counts[] = {TRAIN, 3, 6, 9, 10, 10};
    for (size_t n = 0; n < sizeof counts / sizeof *counts; ++n)
        cr_expect_eq(imagefolder_prefix(&folder, SPLIT_TRAIN, n), counts[n]);
    for (size_t i = 0; i < TRAIN; ++i) {
        cr_expect_eq(folder.split[SPLIT_TRAIN].image[i].place, i / 3);
        cr_expect_eq(folder.split[SPLIT_TRAIN].image[i].label, i < 9 ? i % 3 : 0);
    }
    char whole[HASH_HEX], part[HASH_HEX];
    imagefolder_listing(whole, &folder, SPLIT_TRAIN, 0, TRAIN);
    imagefolder_listing(part, &folder, SPLIT_TRAIN, 0, TRAIN - 1);
    cr_expect_str_neq(whole, part);
    imagefolder_close(&folder);
}

Test(imagefolder, colours_are_normalised_as_by_torchvision)
{
    struct npy want;
    float got[3 * 256];
    golden(&want, "normalise.npy");
    colours_normalise(got);
    cr_expect_eq(memcmp(got, want.data, sizeof got), 0);
    npy_free(&want);

    // The patches of a set of such images: channel, row, column.
    struct images images;
    images_open_square(&images, "imagefolder", 1, SIDE, got);
    for (size_t i = 0; i < CROP; ++i) images.pixels[i] = (uint8_t)(i * 7 % 251);
    enum { P = 8, ACROSS = SIDE / P };
    real patches[CROP];
    patches_of_image(patches, &images, 0, P);
    for (size_t t = 0; t < ACROSS * ACROSS; ++t)
        for (size_t n = 0; n < 3 * P * P; ++n) {
            const size_t c = n / (P * P), y = t / ACROSS * P + n / P % P,
                         x = t % ACROSS * P + n % P;
            const uint8_t byte = images.pixels[(c * SIDE + y) * SIDE + x];
            cr_assert_eq(patches[t * 3 * P * P + n], (real)got[c * 256 + byte]);
        }
    images_free(&images);
}

Test(imagefolder, files_that_pillow_refuses_are_refused)
{
    static const struct {
        const char *name, *fault;
    } bad[] = {{"cut.JPEG", "it ends before the picture does"},
               {"no-end.JPEG", "it ends before the picture does"},
               {"header.JPEG", ""},
               {"text.JPEG", "Not a JPEG file"},
               {"empty.JPEG", "it is empty"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; ++i) {
        char path[PATH_SIZE], fault[PHOTOGRAPH_FAULT] = "";
        struct photograph photograph;
        size_t size;
        path_format(path, "%s/bad/%s", GOLDEN, bad[i].name);
        char *bytes = file_read(&size, path, NULL);
        cr_expect(!photograph_decode(&photograph, bytes, size, fault), "%s", path);
        cr_expect(*fault && strstr(fault, bad[i].fault), "%s: '%s'", path, fault);
        cr_expect_eq(photograph.rgb, NULL);
        free(bytes);
    }
}

// Bytes that do not belong there are passed over and counted, as Pillow passes them over.
Test(imagefolder, a_warning_of_libjpeg_is_counted)
{
    char path[PATH_SIZE], fault[PHOTOGRAPH_FAULT];
    struct photograph clean, odd;
    size_t size;
    path_format(path, "%s/images/train/n00000001/n00000001_13.JPEG", GOLDEN);
    char *bytes = file_read(&size, path, NULL), *longer = malloc(size + 3);
    memcpy(longer, bytes, 2);
    memcpy(longer + 2, "\0\0\0", 3); // between the first marker and the second
    memcpy(longer + 5, bytes + 2, size - 2);
    cr_assert(photograph_decode(&clean, bytes, size, fault), "%s", fault);
    cr_assert(photograph_decode(&odd, longer, size + 3, fault), "%s", fault);
    cr_expect(clean.warnings == 0 && odd.warnings == 1);
    cr_expect_arr_eq(clean.rgb, odd.rgb, clean.width * clean.height * 3);
    photograph_free(&clean);
    photograph_free(&odd);
    free(bytes);
    free(longer);
}

// ====== Folders that are not one ======

static void put(const char *name)
{
    char path[PATH_SIZE];
    struct output output;
    scratch_path(path, name);
    output_open(&output, path);
    fputs("x", output.file);
    output_close(&output);
}

static void open_scratch(const void *unused)
{
    struct imagefolder folder;
    (void)unused;
    imagefolder_open(&folder, scratch_folder);
    printf("%zu classes\n", folder.classes);
    imagefolder_close(&folder);
}

TestSuite(imagefolder_refuses, .init = scratch_make);

Test(imagefolder_refuses, what_is_no_folder_of_classes_in_one_line)
{
    expect_death(__LINE__, open_scratch, NULL, EXIT_INPUT,
                 "/train: No such file or directory (IMAGENET_DIR is the folder that "
                 "holds train and val)");
    put("train/a/1.jpg");
    put("train/b/1.jpg");
    put("val/1.jpg");
    expect_death(__LINE__, open_scratch, NULL, EXIT_INPUT,
                 "/val: holds images but no class folders (sort them into nXXXXXXXX "
                 "folders, as for torchvision)");
    put("val/a/1.jpg");
    expect_death(__LINE__, open_scratch, NULL, EXIT_INPUT,
                 "/val: holds images next to class folders");
    cr_assert_eq(remove(in_scratch("val/1.jpg")), 0);
    expect_death(__LINE__, open_scratch, NULL, EXIT_INPUT, "/val: has 1 class folders");
    put("val/c/1.jpg");
    expect_death(__LINE__, open_scratch, NULL, EXIT_INPUT,
                 "class 'b' is in train and not in val");
    put("val/b/1.txt");
    put("val/b/.1.jpg");
    put("train/c/1.jpg");
    expect_death(__LINE__, open_scratch, NULL, EXIT_INPUT,
                 "/val/b: a class without images");
    put("val/b/1.JPeG");
    expect_ending(__LINE__, open_scratch, NULL, 0, "3 classes");
}

static void put_two_classes(void)
{
    put("train/a/1.jpg");
    put("train/b/1.jpg");
    put("val/a/1.png");
    put("val/b/1.jpg");
}

// A system that opens no more files says nothing about this one.
static void crop_without_files(const void *unused)
{
    (void)unused;
    struct imagefolder folder;
    uint8_t crop[CROP];
    unsigned char digest[SHA256_BYTES];
    char fault[PHOTOGRAPH_FAULT];
    int warnings;
    imagefolder_open(&folder, scratch_folder);
    struct rlimit none;
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &none), 0);
    none.rlim_cur = 0;
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    (void)!imagefolder_crop(crop, digest, &warnings, &folder, SPLIT_TEST, 1, SIDE,
                            fault);
}

Test(imagefolder_refuses, no_file_for_what_the_system_lacks)
{
    put_two_classes();
    expect_death(__LINE__, crop_without_files, NULL, EXIT_SYSTEM,
                 "val/b/1.jpg: Too many open files");
}

Test(imagefolder_refuses, a_file_that_cannot_be_read_but_not_the_folder)
{
    put_two_classes();
    cr_assert_eq(remove(in_scratch("val/b/1.jpg")), 0);
    cr_assert_eq(symlink("nowhere", in_scratch("val/b/1.jpg")), 0);
    struct imagefolder folder;
    uint8_t crop[CROP];
    unsigned char digest[SHA256_BYTES];
    char fault[PHOTOGRAPH_FAULT];
    int warnings;
    imagefolder_open(&folder, scratch_folder);
    cr_expect(!imagefolder_crop(crop, digest, &warnings, &folder, SPLIT_TEST, 1, SIDE,
                                fault));
    cr_expect_str_eq(fault, "No such file or directory");
    cr_expect(!imagefolder_crop(crop, digest, &warnings, &folder, SPLIT_TEST, 0, SIDE,
                                fault));
    cr_expect(strstr(fault, "Not a JPEG file"), "%s", fault);
    cr_expect(crop[0] == 0 && crop[CROP - 1] == 0);
    imagefolder_close(&folder);
}
