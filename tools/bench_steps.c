/// bench_steps: times whole training steps, or forward passes, of one configuration. `make bench`
/// runs it next to tests/peer/mae_torch.py, which takes and prints the same words.
///
/// Prints on stdout, as words key=value, what it will measure. Then for every line on stdin, a
/// number of repetitions, it computes that many batches and prints the number of images, the
/// time, the machine's peak just before and after, and the time by phase, summed over threads; at
/// the end of stdin the most memory it ever had. Images and masks are random.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/options.h"
#include "core/base/phase.h"
#include "core/base/rng.h"
#include "core/data/masks.h"
#include "core/linalg/coretype.h"
#include "core/linalg/peak.h"
#include "core/train/evaluate.h"
#include "core/train/infer.h"
#include "core/train/pretrain.h"

enum { IMAGES = 1024 }; ///< in the set that batches are taken from
/// Images of a micro-batch: the recipes' batches are smaller than those of the peer, whose
/// fastest micro-batch has about as many.
enum { MICRO_BATCH = 16 };
_Static_assert(MICRO_BATCH % INFER_CHUNK == 0, "batches are whole chunks of inference");
static const double PROBE = .03; ///< seconds that a measurement of the peak takes
enum work { TRAINING, FORWARD };

// ====== Operations of a step ======

// Multiply-adds of a block of width D on `tokens` tokens that computes `rows` of them, all for a
// whole block: keys and values of every token; queries, proj and the perceptron's two layers of the
// rows, Q K^T and P V.
static double block_work(double rows, double tokens, double width)
{
    return (2 * tokens + 10 * rows) * width * width + 2 * rows * tokens * width;
}

// Floating-point operations of one image's forward pass, two a multiply-add: matrix products
// alone. In training the last block and the head compute hidden patches only.
static double forward_flops(const struct recipe *recipe, enum work work)
{
    const struct mae_shape *shape = &recipe->shape;
    double T = (double)shape_tokens(shape), F = (double)shape_patch(shape);
    double V = (double)mask_visible(shape_tokens(shape), recipe->mask_ratio);
    double D = shape->width, hidden = T - V, all = T + 1;
    double encoder = shape->encoder_blocks * block_work(V + 1, V + 1, D);
    double decoder = (shape->decoder_blocks - 1) * block_work(all, all, D) +
                     block_work(work == TRAINING ? hidden : all, all, D);
    double embedding = V * F * D, head = (work == TRAINING ? hidden : T) * D * F;
    return 2 * (embedding + encoder + decoder + head);
}

static void images_fill(struct images *images)
{
    images_open(images, "random", IMAGES, 0);
    struct rng rng = rng_open(1, PURPOSE_TEST, 0, 0);
    for (size_t i = 0; i < (size_t)IMAGES * IMAGE_BYTES; ++i)
        images->pixels[i] = (uint8_t)rng_bits(&rng);
    memset(images->labels, 0, IMAGES * sizeof *images->labels);
}

// ====== Forward passes ======

/// Weights packed once, and a batch per thread.
struct forward {
    const struct pretrain *settings;
    struct arena arena; ///< of all that follows
    struct mae mae;
    struct packed_weights packed;
    struct masked_batch *batch; ///< (threads)
    struct engine *engine;
    size_t done; ///< images so far
};

static void forward_open(struct forward *forward, const struct pretrain *settings)
{
    const struct recipe *recipe = &settings->recipe;
    const size_t threads = (size_t)settings->threads;
    *forward = (struct forward){.settings = settings};
    struct arena *arena = &forward->arena;
    arena_open_growing(arena, "forward passes");
    mae_open(&forward->mae, &recipe->shape, arena);
    real *weights = arena_reals(arena, forward->mae.parameters.count);
    parameters_initialise(weights, &forward->mae.parameters, settings->seed);
    packed_weights_open(&forward->packed, &forward->mae.parameters, weights,
                        settings->arithmetic, INFER, arena);
    packed_weights_pack_all(&forward->packed);
    forward->engine = engine_open(settings->threads, 0, 0);
    forward->batch = arena_take(arena, threads, sizeof *forward->batch);
    for (size_t w = 0; w < threads; ++w)
        masked_batch_open(&forward->batch[w], &forward->mae, INFER_CHUNK,
                          recipe->mask_ratio, settings->arithmetic, INFER, arena);
}

static void forward_chunk(size_t chunk, int worker, void *context)
{
    const struct forward *forward = context;
    const struct pretrain *settings = forward->settings;
    struct masked_batch *batch = &forward->batch[worker];
    size_t first = forward->done + chunk * INFER_CHUNK;
    for (size_t b = 0; b < INFER_CHUNK; ++b)
        masked_batch_load(batch, b, settings->images, (uint32_t)((first + b) % IMAGES),
                          settings->seed, EVALUATION_EPOCH);
    struct mae_input input = masked_batch_input(batch);
    mae_forward(batch->activations, &forward->mae, &forward->packed, &input);
}

static void forward_batch(struct forward *forward)
{
    size_t batch = forward->settings->recipe.batch;
    pool_for(forward->engine, batch / INFER_CHUNK, forward_chunk, forward);
    forward->done += batch;
}

static void forward_close(struct forward *forward)
{
    engine_close(forward->engine);
    arena_close(&forward->arena);
}

// ====== Slices ======

/// Either kind of work, ready to be repeated.
struct bench {
    struct pretrain settings;
    enum work work;
    struct pretrainer pretrainer;
    struct forward forward;
    double loss; ///< of the last training step
};

static void bench_open(struct bench *bench)
{
    if (bench->work == TRAINING) {
        pretrainer_open(&bench->pretrainer, &bench->settings);
    } else {
        forward_open(&bench->forward, &bench->settings);
    }
    const struct recipe *recipe = &bench->settings.recipe;
    const struct mae *mae =
        bench->work == TRAINING ? &bench->pretrainer.mae : &bench->forward.mae;
    enum arithmetic arithmetic = bench->settings.arithmetic;
    printf("parameters=%zu batch=%zu flops=%.0f core_type=%s products=%s peak=%s\n",
           mae->parameters.count, recipe->batch,
           forward_flops(recipe, bench->work) * (bench->work == TRAINING ? 3 : 1),
           coretype_name(), arithmetic_kernel(arithmetic),
           peak_instruction(arithmetic));
    fflush(stdout);
}

static void bench_slice(struct bench *bench, long repetitions)
{
    enum arithmetic arithmetic = bench->settings.arithmetic;
    int threads = bench->settings.threads;
    double phases[PHASES];
    double peak_before = peak_rate(arithmetic, threads, PROBE);
    phase_clear();
    double started = clock_seconds();
    for (long r = 0; r < repetitions; ++r) {
        if (bench->work == TRAINING)
            bench->loss = trainer_step(&bench->pretrainer.trainer);
        else
            forward_batch(&bench->forward);
    }
    double seconds = clock_seconds() - started;
    phase_seconds(phases);
    double peak_after = peak_rate(arithmetic, threads, PROBE);

    long images = repetitions * (long)bench->settings.recipe.batch;
    printf("images=%ld seconds=%.6f loss=%.6f peak_before=%.6g peak_after=%.6g", images,
           seconds, bench->loss, peak_before, peak_after);
    // The rest is in no other phase: a thread that waits charges nothing.
    double rest = seconds * threads;
    for (int p = 0; p < PHASES; ++p) {
        if (p == PHASE_OTHER) continue;
        printf(" %s=%.6f", phase_name(p), phases[p]);
        rest -= phases[p];
    }
    printf(" %s=%.6f\n", phase_name(PHASE_OTHER), rest > 0 ? rest : 0);
    fflush(stdout);
}

static void bench_close(struct bench *bench)
{
    if (bench->work == TRAINING)
        pretrainer_close(&bench->pretrainer);
    else
        forward_close(&bench->forward);
    printf("peak_bytes=%.0f\n", clock_peak_bytes());
}

// ====== The command line ======

// The tier's recipe with the given patch and batch, in micro-batches of MICRO_BATCH images.
static struct recipe recipe_of(const struct option *options, size_t count)
{
    struct recipe recipe = recipe_find(option_text(options, count, "tier"), "m75-h3");
    const char *patch = option_text(options, count, "patch");
    const char *batch = option_text(options, count, "batch");
    if (patch) recipe.shape.patch = (int)parse_integer("--patch", patch, 1, 16);
    if (batch) recipe.batch = (size_t)parse_integer("--batch", batch, 1, IMAGES);
    recipe.micro_batches = recipe.batch / MICRO_BATCH;
    const char *fault = shape_fault(&recipe.shape);
    if (fault)
        die(EXIT_USAGE, "--patch: '%s' is refused: %s (give 2 or 4)", patch, fault);
    if (recipe.batch % MICRO_BATCH ||
        (recipe.micro_batches & (recipe.micro_batches - 1)))
        die(EXIT_USAGE,
            "--batch: '%s' is refused (give %d images times a power of two)", batch,
            MICRO_BATCH);
    return recipe;
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    stdout_check_at_exit();
    struct option options[] = {
        {"work", "training", "training, or forward for passes alone"},
        {"tier", "desk", "whose recipe for m75-h3"},
        {"patch", NULL, "side of a patch (default: the recipe's)"},
        {"batch", NULL, "images (default: the recipe's)"},
        {"arithmetic", "fp32", "auto, fp32, bf16 or bf16-dot"},
        {"threads", NULL, "threads (default: the CPUs allowed)"},
    };
    size_t count = sizeof options / sizeof *options;
    options_read(options, count, argc, argv,
                 "bench_steps [--work W] ... < repetitions");
    static const char *const works[] = {"training", "forward"};
    struct images images;
    static struct bench bench;
    bench.work = (enum work)parse_choice("--work", option_text(options, count, "work"),
                                         works, 2);
    bench.settings = (struct pretrain){
        .recipe = recipe_of(options, count),
        .seed = 1,
        .threads = parse_threads(option_text(options, count, "threads")),
        .arithmetic = arithmetic_choose(option_text(options, count, "arithmetic")),
        .images = &images,
    };
    images_fill(&images);
    bench_open(&bench);
    char line[32];
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        bench_slice(&bench, parse_integer("repetitions", line, 1, 1000000));
    }
    bench_close(&bench);
    images_free(&images);
    return 0;
}
