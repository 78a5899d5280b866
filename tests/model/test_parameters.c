#include "core/model/parameters.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/model/mae.h"
#include "tests/ending.h"

// The desk tier's model (patch 4) and the paper tier's (patch 2).
static struct mae_shape paper_shape(int patch)
{
    return (struct mae_shape){.image = 32,
                              .channels = 3,
                              .patch = patch,
                              .width = 192,
                              .encoder_blocks = 12,
                              .decoder_blocks = 4,
                              .encoder_heads = 3,
                              .decoder_heads = 3};
}

static struct mae paper_model(struct arena *arena, int patch)
{
    struct mae mae;
    struct mae_shape shape = paper_shape(patch);
    arena_open(arena, "test", 160 << 20);
    mae_open(&mae, &shape, arena);
    return mae;
}

// Counts of the public code's model: computed from it with PyTorch.
Test(parameters, count_is_7212684_at_patch_2_and_7152816_at_patch_4)
{
    struct arena arena;
    struct mae mae = paper_model(&arena, 2);
    cr_expect(mae.parameters.count == 7212684, "%zu", mae.parameters.count);
    arena_close(&arena);
    mae = paper_model(&arena, 4);
    cr_expect(mae.parameters.count == 7152816, "%zu", mae.parameters.count);
    arena_close(&arena);
}

Test(parameters, table_of_16_blocks_takes_under_64_KiB)
{
    struct arena arena;
    paper_model(&arena, 2);
    cr_expect(arena_mark(&arena) < 64 << 10, "%zu", arena_mark(&arena));
    arena_close(&arena);
}

// Rows tile the slab, and every product is right.
Test(parameters, rows_tile_the_slab)
{
    struct arena arena;
    struct mae mae = paper_model(&arena, 4);
    size_t offset = 0;
    for (size_t r = 0; r < mae.parameters.rows; ++r) {
        const struct parameter *row = &mae.parameters.row[r];
        size_t product = 1;
        for (int i = 0; i < row->dimensions; ++i) product *= row->shape[i];
        cr_expect(row->offset == offset && row->count == product, "%s", row->name);
        offset += product;
    }
    cr_expect(offset == mae.parameters.count);
    cr_expect(mae.parameters.rows == 16 * 11 + 10);
    arena_close(&arena);
}

// Names, order and shapes of the public code's state_dict, by samples from every part.
Test(parameters, names_and_shapes_are_those_of_the_public_code)
{
    static const struct {
        size_t row;
        char name[PARAMETER_NAME];
        int dimensions;
        size_t shape[PARAMETER_DIMENSIONS];
    } want[] = {
        {0, "encoder.cls_token", 3, {1, 1, 192}},
        {1, "encoder.pos_embedding", 3, {64, 1, 192}},
        {2, "encoder.patchify.weight", 4, {192, 3, 4, 4}},
        {3, "encoder.patchify.bias", 1, {192}},
        {4, "encoder.transformer.0.norm1.weight", 1, {192}},
        {6, "encoder.transformer.0.attn.qkv.weight", 2, {576, 192}},
        {4 + 11 * 11 + 7, "encoder.transformer.11.mlp.fc1.weight", 2, {768, 192}},
        {4 + 12 * 11, "encoder.layer_norm.weight", 1, {192}},
        {6 + 12 * 11, "decoder.mask_token", 3, {1, 1, 192}},
        {7 + 12 * 11, "decoder.pos_embedding", 3, {65, 1, 192}},
        {8 + 15 * 11 + 9, "decoder.transformer.3.mlp.fc2.weight", 2, {192, 768}},
        {8 + 16 * 11, "decoder.head.weight", 2, {48, 192}},
        {9 + 16 * 11, "decoder.head.bias", 1, {48}},
    };
    struct arena arena;
    struct mae mae = paper_model(&arena, 4);
    for (size_t i = 0; i < sizeof want / sizeof *want; ++i) {
        const struct parameter *row = &mae.parameters.row[want[i].row];
        cr_expect(!strcmp(row->name, want[i].name), "row %zu is %s, not %s",
                  want[i].row, row->name, want[i].name);
        cr_expect(row->dimensions == want[i].dimensions, "%s", row->name);
        for (int d = 0; d < row->dimensions; ++d)
            cr_expect(row->shape[d] == want[i].shape[d], "%s", row->name);
        cr_expect(parameters_find(&mae.parameters, want[i].name) == row);
    }
    cr_expect(!parameters_find(&mae.parameters, "encoder.cls"));
    cr_expect(!parameters_find(&mae.parameters, "encoder.transformer.0.attn.qkv.bias"));
    arena_close(&arena);
}

// The weights of linear layers and of the patch embedding; no token, position, bias or norm.
Test(parameters, factors_are_the_weights_of_linear_layers)
{
    static const char *const layers[] = {"qkv.weight",  "proj.weight",
                                         "fc1.weight",  "fc2.weight",
                                         "head.weight", "patchify.weight"};
    struct arena arena;
    struct mae mae = paper_model(&arena, 4);
    size_t operands = 0;
    for (size_t r = 0; r < mae.parameters.rows; ++r) {
        const struct parameter *row = &mae.parameters.row[r];
        int want = 0;
        for (size_t i = 0; i < sizeof layers / sizeof *layers; ++i)
            want |= strstr(row->name, layers[i]) != NULL;
        cr_expect(!parameter_is_operand(row) == !want, "%s", row->name);
        operands += want;
    }
    cr_expect(operands == 16 * 4 + 2);
    arena_close(&arena);
}

// Mean and root mean square of a row's initial values, and their largest magnitude.
static void moments(double *mean, double *size, double *largest, const real *slab,
                    const struct parameter *row)
{
    double sum = 0, square = 0, most = 0;
    for (size_t i = 0; i < row->count; ++i) {
        const double x = (double)slab[row->offset + i];
        sum += x;
        square += x * x;
        most = fmax(most, fabs(x));
    }
    *mean = sum / (double)row->count;
    *size = sqrt(square / (double)row->count);
    *largest = most;
}

// Mean within five standard errors of 0; the root mean square within 5 % where 5,000 numbers or
// more make its standard error 1 % or less.
static void expect_initial(const struct parameter *row, const real *slab)
{
    double mean, size, largest;
    moments(&mean, &size, &largest, slab, row);
    const double bound = row->fan_in ? 1 / sqrt((double)row->fan_in) : 0;
    const double deviation = row->initial == INITIAL_NORMAL ? .02 : bound / sqrt(3);
    if (row->initial == INITIAL_ZERO || row->initial == INITIAL_ONE) {
        cr_expect(size == (row->initial == INITIAL_ONE) && mean == size, "%s",
                  row->name);
        return;
    }
    cr_expect(fabs(mean) <= 5 * deviation / sqrt((double)row->count), "%s: mean %g",
              row->name, mean);
    cr_expect(!bound || largest <= bound * (1 + 1e-7), "%s: %g beyond %g", row->name,
              largest, bound);
    cr_expect(row->count < 5000 || fabs(size / deviation - 1) <= .05,
              "%s: size %g, not %g", row->name, size, deviation);
}

Test(parameters, initial_values_follow_the_public_code)
{
    struct arena arena;
    struct mae mae = paper_model(&arena, 4);
    real *slab = arena_reals(&arena, mae.parameters.count);
    parameters_initialise(slab, &mae.parameters, 1);
    for (size_t r = 0; r < mae.parameters.rows; ++r)
        expect_initial(&mae.parameters.row[r], slab);
    arena_close(&arena);
}

Test(parameters, initial_values_depend_on_the_seed_and_nothing_else)
{
    struct arena arena;
    struct mae mae = paper_model(&arena, 4);
    const size_t n = mae.parameters.count;
    real *a = arena_reals(&arena, n), *b = arena_reals(&arena, n);
    parameters_initialise(a, &mae.parameters, 1);
    parameters_initialise(b, &mae.parameters, 1);
    cr_expect(!memcmp(a, b, n * sizeof(real)));
    parameters_initialise(b, &mae.parameters, 2);
    cr_expect(memcmp(a, b, n * sizeof(real)));
    arena_close(&arena);
}

static int is_drawn(const struct parameter *row)
{
    return row->initial == INITIAL_NORMAL || row->initial == INITIAL_FAN_IN;
}

// Whether two rows begin with the same numbers, or with the same but for a factor: deviations
// differ.
static int alike(const real *a, const real *b)
{
    enum { FIRST = 16 };
    size_t same = 1;
    for (size_t i = 1; i < FIRST; ++i) {
        const double x = (double)a[i] / (double)a[0], y = (double)b[i] / (double)b[0];
        same += fabs(x - y) <= 1e-5 * fabs(x);
    }
    return same == FIRST;
}

Test(parameters, no_two_rows_begin_alike)
{
    struct arena arena;
    struct mae mae = paper_model(&arena, 4);
    real *slab = arena_reals(&arena, mae.parameters.count);
    parameters_initialise(slab, &mae.parameters, 1);
    const struct parameter *row = mae.parameters.row;
    size_t drawn = 0;
    for (size_t r = 0; r < mae.parameters.rows; ++r) {
        drawn += (size_t)is_drawn(&row[r]);
        for (size_t q = 0; q < r; ++q)
            cr_expect(!is_drawn(&row[r]) || !is_drawn(&row[q]) ||
                          !alike(slab + row[r].offset, slab + row[q].offset),
                      "%s begins as %s does", row[r].name, row[q].name);
    }
    // Of a block all but its norms; four tokens and positions, the patch embedding, the head.
    cr_expect(drawn == 16 * 7 + 8, "%zu", drawn);
    arena_close(&arena);
}

Test(parameters, bind_points_every_member_into_the_slab)
{
    struct pair {
        real *first, *second;
    } pair = {0};
    static const size_t shape[PARAMETER_DIMENSIONS] = {2, 3};
    const struct parameter_entry entries[] = {
        {"second", offsetof(struct pair, second), 2, {2, 3}, INITIAL_ZERO, 0},
        {"first", offsetof(struct pair, first), 1, {4}, INITIAL_ONE, 0},
    };
    struct arena arena;
    struct parameters parameters;
    real slab[10];
    arena_open(&arena, "test", 1 << 16);
    parameters_open(&parameters, 2, &arena);
    parameters_list(&parameters, "layer.", 0, entries, 2);
    parameters_bind(&pair, &parameters, slab);
    cr_expect(pair.second == slab && pair.first == slab + shape[0] * shape[1]);
    cr_expect(parameters_find(&parameters, "layer.first")->count == 4);
    arena_close(&arena);
}

static void open_with_one_row(struct parameters *parameters, struct arena *arena,
                              size_t capacity)
{
    static const size_t shape[] = {3};
    arena_open(arena, "test", 1 << 16);
    parameters_open(parameters, capacity, arena);
    parameters_add(parameters, "one", 1, shape, INITIAL_ZERO, 0);
}

BREAKS(parameters, refuses_a_name_twice, "!parameters_find(parameters, name)")
{
    struct parameters parameters;
    struct arena arena;
    static const size_t shape[] = {3};
    open_with_one_row(&parameters, &arena, 2);
    parameters_add(&parameters, "one", 1, shape, INITIAL_ZERO, 0);
}

BREAKS(parameters, refuses_a_row_beyond_its_capacity,
       "parameters->rows < parameters->capacity")
{
    struct parameters parameters;
    struct arena arena;
    static const size_t shape[] = {3};
    open_with_one_row(&parameters, &arena, 1);
    parameters_add(&parameters, "two", 1, shape, INITIAL_ZERO, 0);
}

Test(parameters, shape_fault_says_what_is_wrong)
{
    struct mae_shape shape = paper_shape(4);
    cr_expect(!shape_fault(&shape));
    cr_expect(shape_tokens(&shape) == 64 && shape_patch(&shape) == 48);
    shape = paper_shape(5);
    cr_expect(strstr(shape_fault(&shape), "patch"));
    shape = paper_shape(0);
    cr_expect(strstr(shape_fault(&shape), "patch"));
    shape = paper_shape(4);
    shape.encoder_heads = 5;
    cr_expect(strstr(shape_fault(&shape), "encoder's heads"));
    shape = paper_shape(4);
    shape.decoder_heads = 0;
    cr_expect(strstr(shape_fault(&shape), "decoder's heads"));
    shape = paper_shape(4);
    shape.decoder_blocks = SHAPE_BLOCKS + 1;
    cr_expect(strstr(shape_fault(&shape), "blocks"));
    shape.decoder_blocks = -1;
    cr_expect(strstr(shape_fault(&shape), "blocks"));
    shape = paper_shape(4);
    shape.width = 0;
    cr_expect(strstr(shape_fault(&shape), "width"));
}

BREAKS(parameters, mae_refuses_a_faulty_shape,
       "!fault: the patch side does not divide the image side")
{
    struct arena arena;
    paper_model(&arena, 3);
}

// SHA-256 of the floats 0, 1, .., 9999 as little-endian bytes: more than one piece of the
// conversion. python3: hashlib.sha256(struct.pack("<10000f", *range(10000))).hexdigest()
Test(parameters, a_slab_is_digested_as_f32)
{
    enum { N = 10000 };
    static real slab[N];
    char hex[HASH_HEX];
    for (size_t i = 0; i < N; ++i) slab[i] = (real)i;
    slab_digest(hex, slab, N);
    cr_expect_str_eq(
        hex, "042b8b3684f01a27d31442047abb51122d175ae97d5d6897ca0866c243f9dac8");
    slab[N - 1] += 1;
    slab_digest(hex, slab, N);
    cr_expect_str_neq(
        hex, "042b8b3684f01a27d31442047abb51122d175ae97d5d6897ca0866c243f9dac8");
}

Test(parameters, one_number_that_is_not_finite_is_found)
{
    real slab[3] = {1, -2, 0};
    cr_expect_eq(slab_finite(slab, 3), 1);
    slab[2] = (real)INFINITY;
    cr_expect_eq(slab_finite(slab, 3), 0);
    cr_expect_eq(slab_finite(slab, 2), 1);
    slab[0] = (real)NAN;
    cr_expect_eq(slab_finite(slab, 1), 0);
}
