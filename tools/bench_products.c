/// bench_products: the matrix products of a model's linear layers, as core/model computes them on
/// one thread, in each arithmetic, and by OpenBLAS's sgemm. `make bench` runs it.
///
/// Prints, as words key=value, for each arithmetic the kernel of its products and the instruction
/// of its peak ("none": it is emulated); then a line a layer, pass, round and way to compute: the
/// shape (rows, n outputs, k inputs), the rate in flops a second, and the machine's peak just
/// before and after. The weight gradient's time contains the packing of its operands, which are new
/// at every call; weights are packed beforehand, as they are once an update. Numbers are random.
#include <stdio.h>
#include <string.h>

#include "core/base/arena.h"
#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/options.h"
#include "core/base/rng.h"
#include "core/linalg/coretype.h"
#include "core/linalg/gemm.h"
#include "core/linalg/peak.h"
#include "core/model/linear.h"
#include "core/model/mlp.h"

static const double PROBE = .01; // seconds that a look at the peak takes

enum { ARITHMETICS = BF16_DOT + 1 };
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
    } packed[ARITHMETICS];
};

static real *normals(struct arena *arena, size_t count, struct rng *rng)
{
    real *x = arena_reals(arena, count);
    for (size_t i = 0; i < count; ++i) x[i] = (real)rng_normal(rng);
    return x;
}

// x (rows,width) as a layer's output lies in the model.
static struct activation activation_of(real *x, enum arithmetic arithmetic, size_t rows,
                                       size_t width, struct reserve *reserve)
{
    struct activation activation;
    activation_open_strided(&activation, arithmetic, rows, width, reserve);
    size_t ld;
    real *to = activation_columns(&ld, &activation, x, 0, 0, width);
    if (to != x)
        for (size_t r = 0; r < rows; ++r)
            memcpy(to + r * ld, x + r * width, width * sizeof(real));
    activation_commit_columns(&activation, to, ld, 0, rows, 0, width);
    return activation;
}

static void layer_pack(struct layer *layer, enum arithmetic arithmetic,
                       struct reserve *reserve)
{
    struct packed_layer *packed = &layer->packed[arithmetic];
    size_t rows = layer->rows, n = layer->n, k = layer->k;
    packed->in = activation_of(layer->in, arithmetic, rows, k, reserve);
    packed->out = activation_of(layer->out, arithmetic, rows, n, reserve);
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
    for (int a = 0; a < ARITHMETICS; ++a)
        layer_pack(layer, (enum arithmetic)a, &reserve);
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
    const struct activation *in = &layer->packed[FP32].in,
                            *out = &layer->packed[FP32].out;
    size_t rows = layer->rows, n = layer->n, k = layer->k;
    if (pass == FORWARD)
        gemm_strided(layer->out, n, 1, in->data, in->stride, PLAIN, layer->weight, k,
                     TRANSPOSED, rows, n, k, 0);
    else if (pass == INPUT_GRADIENT)
        gemm_strided(layer->in, k, 1, out->data, out->stride, PLAIN, layer->weight, k,
                     PLAIN, rows, k, n, 0);
    else
        gemm_strided(layer->dweight, k, 1, out->data, out->stride, TRANSPOSED, in->data,
                     in->stride, PLAIN, n, k, rows, 0);
}

// Flops a second of products that are repeated for `seconds`; by OpenBLAS or by ours.
static double rate(const struct layer *layer, enum pass pass, int openblas,
                   enum arithmetic arithmetic, double seconds)
{
    double start = clock_seconds(), spent, times = 0;
    do {
        if (openblas)
            multiply_openblas(layer, pass);
        else
            multiply(layer, pass, arithmetic);
        ++times;
    } while ((spent = clock_seconds() - start) < seconds);
    return times * 2 * (double)layer->rows * (double)layer->n * (double)layer->k /
           spent;
}

static void layer_measure(const struct layer *layer, enum pass pass, double seconds,
                          int warm_up)
{
    for (int by = 0; by <= ARITHMETICS; ++by) {
        const int openblas = by == ARITHMETICS;
        const enum arithmetic arithmetic = openblas ? FP32 : (enum arithmetic)by;
        double before = peak_rate(arithmetic, 1, PROBE);
        double flops = rate(layer, pass, openblas, arithmetic, seconds);
        double after = peak_rate(arithmetic, 1, PROBE);
        if (warm_up) continue;
        printf("layer=%s pass=%s rows=%zu n=%zu k=%zu by=%s rate=%.6g peak_before=%.6g "
               "peak_after=%.6g\n",
               layer->name, passes[pass], layer->rows, layer->n, layer->k,
               openblas ? "openblas" : arithmetic_name(arithmetic), flops, before,
               after);
    }
}

static void print_kernels(void)
{
    printf("core_type=%s", coretype_name());
    for (int a = 0; a < ARITHMETICS; ++a) {
        const enum arithmetic arithmetic = (enum arithmetic)a;
        printf(" %s=%s peak_%s=%s", arithmetic_name(arithmetic),
               arithmetic_kernel(arithmetic), arithmetic_name(arithmetic),
               peak_instruction(arithmetic));
    }
    printf("\n");
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    stdout_check_at_exit();
    struct option options[] = {
        {"width", "192", "D"},
        {"rows", "1040", "tokens: 16 images of 65, a micro-batch of bench_steps"},
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

    print_kernels();
    struct layer layers[] = {
        {.name = "qkv", .n = 3 * D, .k = D},
        {.name = "proj", .n = D, .k = D},
        {.name = "fc1", .n = MLP_RATIO * D, .k = D},
        {.name = "fc2", .n = D, .k = MLP_RATIO * D},
    };
    for (size_t l = 0; l < sizeof layers / sizeof *layers; ++l) {
        struct arena arena;
        arena_open_growing(&arena, "layer");
        layers[l].rows = rows;
        layer_fill(&layers[l], &arena);
        for (int pass = 0; pass < PASSES; ++pass)
            for (long r = -1; r < rounds; ++r)
                layer_measure(&layers[l], (enum pass)pass, seconds, r < 0);
        arena_close(&arena);
    }
    return 0;
}
