#include "core/analysis/kmeans.h"

#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/real.h"

enum { LANES = 8 };

// distance (n) = |x - centre|^2 of each point x, as LANES interleaved partial sums that are added
// in a fixed order.
KERNEL static void distances(double *distance, const double *points,
                             const double *centre, size_t n, size_t width)
{
    size_t whole = width / LANES * LANES;
    for (size_t i = 0; i < n; ++i) {
        const double *x = points + i * width;
        double lanes[LANES] = {0};
        for (size_t d = 0; d < whole; d += LANES)
            for (size_t l = 0; l < LANES; ++l) {
                double difference = x[d + l] - centre[d + l];
                lanes[l] += difference * difference;
            }
        for (size_t d = whole; d < width; ++d)
            lanes[d - whole] += (x[d] - centre[d]) * (x[d] - centre[d]);
        distance[i] = ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) +
                      ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
    }
}

// Arrays that all rounds of one problem use.
struct work {
    double *distance; // (n) from one centre
    double *nearest;  // (n) from the nearest centre
    double *chosen;   // (n) the same with the best candidate for the next centre
    double *size;     // (k) points of each cluster
    uint8_t *before;  // (n) labels of the previous round
};

static struct work work_take(const struct kmeans_shape *shape, struct arena *arena)
{
    size_t n = shape->points, k = shape->clusters;
    require(k > 0 && k <= n && k <= KMEANS_CLUSTERS && n <= UINT32_MAX &&
                shape->width > 0,
            "%zu points of %zu numbers into %zu clusters", n, shape->width, k);
    struct work work;
    work.distance = arena_doubles(arena, n);
    work.nearest = arena_doubles(arena, n);
    work.chosen = arena_doubles(arena, n);
    work.size = arena_doubles(arena, k);
    work.before = arena_take(arena, n, 1);
    return work;
}

// The index of the first point at which the running sum of weights (n) exceeds share * their sum;
// never one of weight 0. Requires a positive sum.
static size_t index_draw(const double *weights, size_t n, double share)
{
    double sum = 0, passed = 0;
    for (size_t i = 0; i < n; ++i) sum += weights[i];
    size_t last = 0;
    for (size_t i = 0; i < n; ++i) {
        if (!(weights[i] > 0)) continue;
        last = i;
        passed += weights[i];
        if (passed > share * sum) break;
    }
    return last;
}

// sum (n) = what work->nearest becomes with a centre at point `index` as well. Returns its sum.
static double nearest_with(double *sum, const struct work *work, const double *points,
                           size_t index, const struct kmeans_shape *shape)
{
    const size_t n = shape->points, width = shape->width;
    double total = 0;
    distances(sum, points, points + index * width, n, width);
    for (size_t i = 0; i < n; ++i) {
        sum[i] = fmin(work->nearest[i], sum[i]);
        total += sum[i];
    }
    return total;
}

// The next centre: its point, with work->nearest brought up to date.
static size_t centre_draw(struct work *work, const double *points,
                          const struct kmeans_shape *shape, struct rng *rng)
{
    const size_t n = shape->points,
                 candidates = 2 + (size_t)log((double)shape->clusters);
    double most = 0, least = INFINITY;
    size_t best = 0;
    for (size_t i = 0; i < n; ++i) most = fmax(most, work->nearest[i]);
    for (size_t c = 0; c < candidates; ++c) {
        const size_t index = most > 0 ? index_draw(work->nearest, n, rng_uniform(rng))
                                      : rng_below(rng, (uint32_t)n);
        const double total = nearest_with(work->distance, work, points, index, shape);
        if (!(total < least)) continue;
        least = total;
        best = index;
        memcpy(work->chosen, work->distance, n * sizeof *work->chosen);
    }
    require(isfinite(least), "a point is not finite");
    memcpy(work->nearest, work->chosen, n * sizeof *work->nearest);
    return best;
}

void kmeans_start(double *centres, const double *points,
                  const struct kmeans_shape *shape, struct rng *rng,
                  struct arena *arena)
{
    const size_t n = shape->points, width = shape->width, mark = arena_mark(arena);
    struct work work = work_take(shape, arena);
    const size_t first = rng_below(rng, (uint32_t)n);
    distances(work.nearest, points, points + first * width, n, width);
    memcpy(centres, points + first * width, width * sizeof *centres);
    for (size_t c = 1; c < shape->clusters; ++c) {
        const size_t index = centre_draw(&work, points, shape, rng);
        memcpy(centres + c * width, points + index * width, width * sizeof *centres);
    }
    arena_reset(arena, mark);
}

// labels (n) and work->nearest (n) = the nearest centre of each point and its squared distance.
// Returns whether a label changed.
static int points_assign(uint8_t *labels, struct work *work, const double *centres,
                         const double *points, const struct kmeans_shape *shape)
{
    size_t n = shape->points;
    int changed = 0;
    for (size_t i = 0; i < n; ++i) work->nearest[i] = INFINITY;
    memcpy(work->before, labels, n);
    for (size_t c = 0; c < shape->clusters; ++c) {
        distances(work->distance, points, centres + c * shape->width, n, shape->width);
        for (size_t i = 0; i < n; ++i)
            if (work->distance[i] < work->nearest[i]) {
                work->nearest[i] = work->distance[i];
                labels[i] = (uint8_t)c;
            }
    }
    for (size_t i = 0; i < n; ++i) {
        require(isfinite(work->nearest[i]), "point %zu is not finite", i);
        changed |= labels[i] != work->before[i];
    }
    return changed;
}

// work->size (k) = the number of points of each cluster, after moving to every empty cluster the
// point farthest from its centre among clusters of several points, unless that distance is 0.
static void empty_fill(uint8_t *labels, struct work *work,
                       const struct kmeans_shape *shape)
{
    size_t n = shape->points;
    for (size_t c = 0; c < shape->clusters; ++c) work->size[c] = 0;
    for (size_t i = 0; i < n; ++i) ++work->size[labels[i]];
    for (size_t c = 0; c < shape->clusters; ++c) {
        if (work->size[c] > 0) continue;
        size_t far = n;
        double most = 0;
        for (size_t i = 0; i < n; ++i)
            if (work->nearest[i] > most && work->size[labels[i]] > 1)
                most = work->nearest[i], far = i;
        if (far == n) return;
        --work->size[labels[far]];
        ++work->size[c];
        labels[far] = (uint8_t)c;
        work->nearest[far] = 0;
    }
}

// Moves every centre that has points to their mean; work->size (k) is their number.
static void centres_move(double *centres, const uint8_t *labels,
                         const struct work *work, const double *points,
                         const struct kmeans_shape *shape)
{
    size_t width = shape->width;
    for (size_t c = 0; c < shape->clusters; ++c)
        if (work->size[c] > 0) memset(centres + c * width, 0, width * sizeof *centres);
    for (size_t i = 0; i < shape->points; ++i) {
        double *centre = centres + labels[i] * width;
        for (size_t d = 0; d < width; ++d) centre[d] += points[i * width + d];
    }
    for (size_t c = 0; c < shape->clusters; ++c)
        if (work->size[c] > 0)
            for (size_t d = 0; d < width; ++d) centres[c * width + d] /= work->size[c];
}

// The sum over points x of |x - centre of its label|^2.
static double inertia(const uint8_t *labels, struct work *work, const double *centres,
                      const double *points, const struct kmeans_shape *shape)
{
    size_t n = shape->points;
    double sum = 0;
    for (size_t c = 0; c < shape->clusters; ++c) {
        distances(work->distance, points, centres + c * shape->width, n, shape->width);
        for (size_t i = 0; i < n; ++i)
            if (labels[i] == c) work->nearest[i] = work->distance[i];
    }
    for (size_t i = 0; i < n; ++i) sum += work->nearest[i];
    return sum;
}

double kmeans_lloyd(uint8_t *labels, double *centres, const double *points,
                    const struct kmeans_shape *shape, size_t rounds,
                    struct arena *arena)
{
    size_t mark = arena_mark(arena);
    struct work work = work_take(shape, arena);
    require(rounds > 0, "Lloyd's algorithm without a round");
    // No cluster has this number, so the first round changes every label.
    memset(labels, KMEANS_CLUSTERS, shape->points);
    for (size_t round = 0; round < rounds; ++round) {
        if (!points_assign(labels, &work, centres, points, shape)) break;
        empty_fill(labels, &work, shape);
        centres_move(centres, labels, &work, points, shape);
    }
    double sum = inertia(labels, &work, centres, points, shape);
    arena_reset(arena, mark);
    return sum;
}

// Numbers the clusters in the order of their first points.
static void labels_order(uint8_t *labels, size_t n)
{
    int name[KMEANS_CLUSTERS], next = 0;
    memset(name, -1, sizeof name);
    for (size_t i = 0; i < n; ++i) {
        if (name[labels[i]] < 0) name[labels[i]] = next++;
        labels[i] = (uint8_t)name[labels[i]];
    }
}

double kmeans_fit(uint8_t *labels, const double *points,
                  const struct kmeans_shape *shape, size_t restarts, uint64_t seed,
                  uint32_t index, struct arena *arena)
{
    size_t mark = arena_mark(arena);
    double *centres = arena_doubles(arena, size_product(shape->clusters, shape->width));
    uint8_t *found = arena_take(arena, shape->points, 1);
    double best = INFINITY;
    require(restarts > 0 && restarts <= UINT32_MAX, "%zu restarts", restarts);
    for (uint32_t restart = 0; restart < restarts; ++restart) {
        struct rng rng = rng_open(seed, PURPOSE_CLUSTER, restart, index);
        kmeans_start(centres, points, shape, &rng, arena);
        double sum = kmeans_lloyd(found, centres, points, shape, KMEANS_ROUNDS, arena);
        if (!(sum < best)) continue;
        best = sum;
        memcpy(labels, found, shape->points);
    }
    arena_reset(arena, mark);
    labels_order(labels, shape->points);
    return best;
}
