#include "core/analysis/solved_probe.h"

#include "core/analysis/whitening.h"

// Row `row` of each image's features in double (n,D).
static double *row_doubles(const struct features *features, size_t row,
                           struct arena *arena)
{
    const size_t n = features->images, D = features->width;
    double *x = arena_doubles(arena, size_product(n, D));
    for (size_t i = 0; i < n; ++i) {
        const float *from = features_image(features, i) + row * D;
        for (size_t j = 0; j < D; ++j) x[i * D + j] = (double)from[j];
    }
    return x;
}

struct softmax_solution solved_probe_fit(uint16_t *answers, size_t classes,
                                         int batch_norm, size_t row,
                                         const struct probe_set *train,
                                         const struct probe_set *test,
                                         const struct lbfgs_settings *settings)
{
    const size_t n = train->features.images, m = test->features.images,
                 D = train->features.width;
    struct arena arena;
    arena_open_growing(&arena, "solved probe");
    double *x = row_doubles(&train->features, row, &arena),
           *y = row_doubles(&test->features, row, &arena),
           *mean = arena_doubles(&arena, D), *variance = arena_doubles(&arena, D);
    if (batch_norm) {
        columns_moments(mean, variance, x, n, D);
        columns_standardise(x, mean, variance, BATCH_NORM_EPSILON, n, D);
        columns_standardise(y, mean, variance, BATCH_NORM_EPSILON, m, D);
    }
    const struct softmax_regression seen = {n, D, classes, x, train->labels},
                                    unseen = {m, D, classes, y, test->labels};
    double *weights = arena_doubles(&arena, softmax_regression_size(&seen));
    const struct softmax_solution solution =
        softmax_regression_fit(weights, &seen, settings, &arena);
    softmax_regression_predict(answers, weights, &unseen, &arena);
    arena_close(&arena);
    return solution;
}
