// The state of a training that was interrupted.
#include "tests/fuzz/reader.h"

#include "core/base/files.h"
#include "core/train/checkpoint.h"

enum { NUMBERS = 4 };
static const struct run_identity identity = {.recipe = "run=m75-h3 batch=8",
                                             .seed = "1",
                                             .data_digest = "0a1b",
                                             .core_type = "Haswell",
                                             .arithmetic = "fp32",
                                             .code = "2c3d"};
static real slabs[3][NUMBERS];
static struct arena arena;
static struct parameters table;

void reader_prepare(void)
{
    static const size_t shape[] = {1, 3};
    arena_open(&arena, "checkpoint", 1 << 16);
    parameters_open(&table, 2, &arena);
    parameters_add(&table, "w", 2, shape, INITIAL_ZERO, 1);
    parameters_add(&table, "b", 1, shape, INITIAL_ZERO, 1);
}

static struct train_state state_open(void)
{
    return (struct train_state){.weights = slabs[0],
                                .first_moment = slabs[1],
                                .second_moment = slabs[2],
                                .updates = 3,
                                .loss_sum = .25,
                                .loss_count = 2};
}

int reader_try(const uint8_t *bytes, size_t size)
{
    struct train_state state = state_open();
    char fault[SAFETENSORS_FAULT];
    return checkpoint_open(&state, input_bytes(bytes, size), &identity, &table, fault);
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    char path[PATH_SIZE];
    const struct train_state state = state_open();
    path_format(path, "%s/seed", input_folder("unused"));
    checkpoint_write(path, &identity, &table, &state);
    seed_file(put, "state", path);
}
