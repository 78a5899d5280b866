// Programs that need the same features at the same time: one computes them, the others wait for
// it. `make -j2 table1 table2` does this.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/analysis/encoder_features.h"
#include "core/data/planted.h"
#include "tests/model/gradient.h"
#include "tests/scratch.h"

enum {
    IMAGES = 64,
    D = 48,
    PROGRAMS = 3,
    ROUNDS = 4,
    NUMBERS = IMAGES * SUMMARY_ROWS * D
};

TestSuite(shared_features, .init = scratch_make);

// Opens the features and exits with 0 when they are as computed.
static void program(const struct encoder_source *source, const float *summary,
                    int start)
{
    struct encoder_features features;
    char byte;
    if (read(start, &byte, 1) != 0) _exit(1); // until all programs are there
    if (encoder_features_open(&features, scratch_folder, "same", "salt", 1, source))
        _exit(2);
    _exit(memcmp(features.summary.data, summary, NUMBERS * sizeof *summary) ? 3 : 0);
}

Test(shared_features, programs_that_make_the_same_files_at_once_end_well)
{
    const struct mae_shape shape = {32, 3, 8, D, 2, 1, 3, 3};
    struct arena arena;
    struct mae mae;
    struct images images;
    arena_open_growing(&arena, "test");
    mae_open(&mae, &shape, &arena);
    planted_make(&images, 1, IMAGES, PLANTED_NOISE);
    const struct encoder_source source = {
        &mae, normal_reals(&arena, mae.parameters.count, .1, 1), &images, 1};
    float *summary = arena_take(&arena, NUMBERS, sizeof *summary);
    cr_assert_eq(encoder_features_compute(NULL, summary, &source), 0);

    for (int round = 0; round < ROUNDS; ++round) {
        int start[2];
        pid_t child[PROGRAMS];
        cr_assert_eq(pipe(start), 0);
        for (int p = 0; p < PROGRAMS; ++p)
            if ((child[p] = fork()) == 0) {
                close(start[1]);
                program(&source, summary, start[0]);
            }
        close(start[0]);
        close(start[1]);
        for (int p = 0; p < PROGRAMS; ++p) {
            int status;
            cr_assert_eq(waitpid(child[p], &status, 0), child[p]);
            cr_expect(WIFEXITED(status) && WEXITSTATUS(status) == 0,
                      "round %d, program %d: status %#x", round, p, status);
        }
        cr_expect_eq(scratch_entries(""), 3, "two files and a lock");
        remove(in_scratch("same-block.features"));
        remove(in_scratch("same-summary.features"));
    }
    images_free(&images);
    arena_close(&arena);
}
