/// bench_products: the matrix products of a model's linear layers, as core/model computes them on
/// one thread, in 32-bit floats and in bfloat16, and by OpenBLAS's sgemm. `make bench`
/// runs it.
///
/// Prints a line a layer, pass and round, as words key=value: the shape (rows, n outputs, k
/// inputs), the rates in flops a second, and the machine's peak just before and after. The weight
/// gradient's time contains the packing of its operands, which are new at every call; weights are
/// packed beforehand, as they are once an update. Numbers are random.
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/options.h"
#include "core/base/rng.h"
#include "core/linalg/coretype.h"
#include "core/linalg/gemm.h"
#include "core/linalg/gemm_bf16.h"
#include "core/linalg/peak.h"
#include "core/model/linear.h"
#include "core/model/mlp.h"

static const double PROBE = .01; // seconds that a look at the peak takes

enum { MEMORY = 256 << 20 }; // more than the matrices of one layer at the most rows
enum { ROWS_MOST = 4096, WIDTH_MOST = 768 };
enum pass { FORWARD, INPUT_GRADIENT, WEIGHT_GRADIENT, PASSES };
static const char *const passes[PASSES] = {"forward", "input-gradient",
                                           "weight-gradient"};

// A linear layer from k to n numbers, and `rows` rows of inputs and outputs.
struct layer {
    const char *name;
    size_t rows, n, k;
    real *weight;         // (n,k)
    real *in, *out;       // (rows,k), (rows,n): values, or gradients
    real *dweight;        // (n,k)
    struct packed_layer { // for each arithmetic
        struct linear linear;
        struct activation in, out;
        void *storage[2];
    } packed[2];
};

static real *normals(struct arena *arena, size_t count, struct rng *rng)
{
    real *x = arena_reals(arena, count);
    for (size_t i = 0; i < count; ++i) x[i] = (real)rng_normal(rng);
    return x;
}

static void layer_pack(struct layer *layer, enum arithmetic arithmetic,
                       struct reserve *reserve)
{
    struct packed_layer *packed = &layer->packed[arithmetic];
    size_t rows = layer->rows, n = layer->n, k = layer->k;
    activation_open(&packed->in, arithmetic, rows, k, reserve);
    activation_open(&packed->out, arithmetic, rows, n, reserve);
    if (arithmetic == FP32) {
        memcpy(packed->in.data, layer->in, rows * k * sizeof(real));
        memcpy(packed->out.data, layer->out, rows * n * sizeof(real));
    }
    activation_commit(&packed->in, layer->in, 0, rows);
    activation_commit(&packed->out, layer->out, 0, rows);
    packed->linear.forward = reals_operand_b(
        arithmetic, reserve_bytes(reserve, operand_bytes(arithmetic, n, k)),
        layer->weight, k, TRANSPOSED, k, n);
    packed->linear.backward = reals_operand_b(
        arithmetic, reserve_bytes(reserve, operand_bytes(arithmetic, n, k)),
        layer->weight, k, PLAIN, n, k);
    packed->storage[0] = reserve_bytes(reserve, operand_bytes(arithmetic, rows, n));
    packed->storage[1] = reserve_bytes(reserve, operand_bytes(arithmetic, rows, k));
}

static void layer_fill(struct layer *layer, struct arena *arena)
{
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    struct reserve reserve = {.arena = arena};
    layer->weight = normals(arena, layer->n * layer->k, &rng);
    layer->in = normals(arena, layer->rows * layer->k, &rng);
    layer->out = normals(arena, layer->rows * layer->n, &rng);
    layer->dweight = arena_reals(arena, layer->n * layer->k);
    layer_pack(layer, FP32, &reserve);
    layer_pack(layer, BF16, &reserve);
}

static void multiply(const struct layer *layer, enum pass pass,
                     enum arithmetic arithmetic)
{
    const struct packed_layer *packed = &layer->packed[arithmetic];
    size_t rows = layer->rows, n = layer->n, k = layer->k;
    if (pass == FORWARD)
        linear_forward(layer->out, activation_operand_a(&packed->in, 0, 0),
                       &packed->linear, arithmetic, rows, n, k, 0);
    else if (pass == INPUT_GRADIENT)
        linear_backward_input(layer->in, activation_operand_a(&packed->out, 0, 0),
                              &packed->linear, arithmetic, rows, n, k);
    else
        linear_backward_weight(layer->dweight, &packed->out, 0, &packed->in, 0,
                               packed->storage, rows, n, k, 0);
}

// The same product by OpenBLAS, on matrices where they lie.
static void multiply_openblas(const struct layer *layer, enum pass pass)
{
    const real *in = layer->packed[FP32].in.data, *out = layer->packed[FP32].out.data;
    size_t rows = layer->rows, n = layer->n, k = layer->k;
    if (pass == FORWARD)
        gemm(layer->out, in, PLAIN, layer->weight, TRANSPOSED, rows, n, k, 0);
    else if (pass == INPUT_GRADIENT)
        gemm(layer->in, out, PLAIN, layer->weight, PLAIN, rows, k, n, 0);
    else
        gemm(layer->dweight, out, TRANSPOSED, in, PLAIN, n, k, rows, 0);
}

enum by { BY_FP32, BY_BF16, BY_OPENBLAS };

// Flops a second of products that are repeated for `seconds`.
static double rate(const struct layer *layer, enum pass pass, enum by by,
                   double seconds)
{
    double start = clock_seconds(), spent, times = 0;
    do {
        if (by == BY_OPENBLAS)
            multiply_openblas(layer, pass);
        else
            multiply(layer, pass, by == BY_FP32 ? FP32 : BF16);
        ++times;
    } while ((spent = clock_seconds() - start) < seconds);
    return times * 2 * (double)layer->rows * (double)layer->n * (double)layer->k /
           spent;
}

static void layer_measure(const struct layer *layer, long rounds, double seconds)
{
    for (int pass = 0; pass < PASSES; ++pass)
        for (long r = -1; r < rounds; ++r) { // the first one warms up
            double peak_before = peak_rate(FP32, 1, PROBE);
            double amx_before = peak_rate(BF16, 1, PROBE);
            double fp32 = rate(layer, pass, BY_FP32, seconds);
            double openblas = rate(layer, pass, BY_OPENBLAS, seconds);
            double bf16_rate = rate(layer, pass, BY_BF16, seconds);
            double peak_after = peak_rate(FP32, 1, PROBE);
            double amx_after = peak_rate(BF16, 1, PROBE);
            if (r < 0) continue;
            printf("layer=%s pass=%s rows=%zu n=%zu k=%zu fp32=%.6g openblas=%.6g "
                   "bf16=%.6g peak_before=%.6g peak_after=%.6g amx_before=%.6g "
                   "amx_after=%.6g\n",
                   layer->name, passes[pass], layer->rows, layer->n, layer->k, fp32,
                   openblas, bf16_rate, peak_before, peak_after, amx_before, amx_after);
        }
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    stdout_check_at_exit();
    struct option options[] = {
        {"width", "192", "D"},
        {"rows", "1040", "tokens: 16 images of 65, a micro-batch"},
        {"rounds", "5", "measurements of each product"},
        {"seconds", ".05", "time of a measurement"},
    };
    size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv, "bench_products [--rows R] ...");
#define NUMBER(name, low, high)                                                        \
    parse_integer("--" name, option_text(options, count, name), low, high)
    size_t D = (size_t)NUMBER("width", 16, WIDTH_MOST);
    size_t rows = (size_t)NUMBER("rows", 1, ROWS_MOST);
    long rounds = NUMBER("rounds", 1, 1000);
#undef NUMBER
    double seconds =
        parse_number("--seconds", option_text(options, count, "seconds"), 0, 60);

    printf("core_type=%s fp32=%s bf16=%s peak=%s amx=%s\n", coretype_name(),
           product_path(), gemm_bf16_path(BF16), peak_instruction(FP32),
           peak_instruction(BF16));
    struct layer layers[] = {
        {.name = "qkv", .n = 3 * D, .k = D},
        {.name = "proj", .n = D, .k = D},
        {.name = "fc1", .n = MLP_RATIO * D, .k = D},
        {.name = "fc2", .n = D, .k = MLP_RATIO * D},
    };
    for (size_t l = 0; l < sizeof layers / sizeof *layers; ++l) {
        struct arena arena;
        arena_open(&arena, "layer", MEMORY);
        layers[l].rows = rows;
        layer_fill(&layers[l], &arena);
        layer_measure(&layers[l], rounds, seconds);
        arena_close(&arena);
    }
    return 0;
}
