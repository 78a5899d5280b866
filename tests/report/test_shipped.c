#include "core/report/shipped.h"

#include <criterion/criterion.h>

#include "tests/report/world.h"

TestSuite(shipped, .init = world_open);

static const char folder[] = "results/checkpoints/desk-cifar10";
static char path[PATH_SIZE], digest[HASH_HEX];

// Shipped weights "NAME.safetensors" that hold `text`, and their digest.
static void weights_make(const char *name, const char *text)
{
    path_format(path, "%s/%s.safetensors", folder, name);
    world_write(path, text);
    hash_bytes(digest, text, strlen(text));
}

static void check(const void *unused)
{
    (void)unused;
    shipped_check(NULL, path);
}

static void sums_write(const char *name, const char *sum)
{
    char text[512];
    snprintf(text, sizeof text, "%.63s0  other.safetensors\n%s  %s\n", digest, sum,
             name);
    world_write("results/checkpoints/desk-cifar10/SHA256SUMS", text);
}

Test(shipped, weights_are_found_unless_they_are_forbidden)
{
    struct run run;
    char words[512], found[PATH_SIZE];
    world_run(&run, "--tier desk", words);
    cr_expect_not(shipped_weights(found, &run, "m75-h3"));
    weights_make("m75-h3", "x");
    cr_expect(shipped_weights(found, &run, "m75-h3"));
    cr_expect_str_eq(found, path);
    cr_expect(shipped_path(&run, found));
    cr_expect_not(shipped_path(&run, "results/checkpoints/desk-cifar100/m75-h3"));
    cr_expect_not(
        shipped_path(&run, "results/desk-cifar10/weights/m75-h3.safetensors"));
    world_drop(&run);
    world_run(&run, "--tier desk --shipped 0", words);
    cr_expect_not(shipped_weights(found, &run, "m75-h3"));
    cr_expect_not(run_weights(found, &run, "m75-h3"));
    world_drop(&run);
    world_run(&run, "--tier desk --shipped pretrainings", words);
    cr_expect(run_weights(found, &run, "m75-h3"));
    cr_expect_not(run.options.shipped_finetunings);
    world_drop(&run);
}

Test(shipped, only_the_listed_digest_of_the_very_name_is_believed)
{
    static const char remedy[] = "(git checkout results/checkpoints)";
    char other[HASH_HEX];
    weights_make("m75-h3", "x");
    hash_bytes(other, "y", 1);
    expect_death(__LINE__, check, NULL, 3, "SHA256SUMS"); // there is none
    sums_write("m75-h3.safetensors", digest);
    char found[HASH_HEX];
    shipped_check(found, path);
    cr_expect_str_eq(found, digest);
    sums_write("m75-h3.safetensors", other);
    const char *const damaged[] = {
        path, "is damaged: its SHA-256 is ", digest, other, remedy, NULL};
    expect_death_naming(__LINE__, check, NULL, 3, damaged);
    // Names that contain it, or are a part of it.
    static const char *const names[] = {"finetuned-m75-h3.safetensors",
                                        "m75-h3.safetensors.old", "m75-h3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; ++i) {
        sums_write(names[i], digest);
        const char *const absent[] = {path, "is not in ", "SHA256SUMS", remedy, NULL};
        expect_death_naming(__LINE__, check, NULL, 3, absent);
    }
}

Test(shipped, sums_list_every_file_by_name)
{
    char x[HASH_HEX], y[HASH_HEX], want[512];
    weights_make("b", "x");
    memcpy(x, digest, sizeof x);
    weights_make("a", "y");
    memcpy(y, digest, sizeof y);
    world_write("results/checkpoints/desk-cifar10/.hidden", "z");
    for (int again = 0; again < 2; ++again) {
        shipped_sums(folder);
        snprintf(want, sizeof want, "%s  a.safetensors\n%s  b.safetensors\n", y, x);
        cr_expect_str_eq(world_text("results/checkpoints/desk-cifar10/SHA256SUMS"),
                         want);
    }
    shipped_check(NULL, path);
}

static void sums_of_nothing(const void *unused)
{
    (void)unused;
    shipped_sums("nowhere");
}

Test(shipped, sums_of_a_folder_that_is_missing_are_an_input_error)
{
    expect_death(__LINE__, sums_of_nothing, NULL, 3, "nowhere");
}
