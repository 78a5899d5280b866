#include "core/analysis/lbfgs.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/base/die.h"
#include "core/linalg/frobenius.h"

// Sufficient decrease and curvature of the Wolfe conditions (Nocedal & Wright 2006, p. 62).
static const double DECREASE = 1e-4, CURVATURE = .9;
// A search that needs more evaluations than this has lost itself in rounding.
enum { SEARCH_EVALUATIONS = 40 };
// Values that differ by less than this share are equal as far as their rounding can tell.
static const double ROUNDING = 8 * DBL_EPSILON;

struct search {
    size_t n;
    lbfgs_function *function;
    void *context;
    const double *x;          // (n) where the search starts
    double *direction;        // (n) where it leads
    double *point, *gradient; // (n) of the step tried last
    double value, slope;      // at step 0
    size_t evaluations;
};

// A step along the direction, f there, and its derivative along the direction.
struct step {
    double length, value, slope;
};

static double largest(const double *x, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n && !isnan(most); ++i)
        if (!(fabs(x[i]) <= most)) most = fabs(x[i]);
    return most;
}

static struct step try_step(struct search *search, double length)
{
    for (size_t i = 0; i < search->n; ++i)
        search->point[i] = search->x[i] + length * search->direction[i];
    double value = search->function(search->gradient, search->point, search->context);
    search->evaluations++;
    return (struct step){length, value,
                         inner_product(search->gradient, search->direction, search->n)};
}

// Values that cannot be told apart count as decreased; then the slope decides alone.
static int decreased(const struct search *search, const struct step *step)
{
    return step->value <= search->value + DECREASE * step->length * search->slope +
                              ROUNDING * fabs(search->value);
}

static int flat(const struct search *search, const struct step *step)
{
    return fabs(step->slope) <= -CURVATURE * search->slope;
}

// Where the cubic through two values and slopes is least (their Eq. 3.59), kept a tenth of the
// interval away from its ends; the middle where it has no least point.
static double interpolate(const struct step *a, const struct step *b)
{
    double width = b->length - a->length;
    double d1 = a->slope + b->slope - 3 * (b->value - a->value) / width;
    double d2 = copysign(sqrt(d1 * d1 - a->slope * b->slope), width);
    double at =
        b->length - width * (b->slope + d2 - d1) / (b->slope - a->slope + 2 * d2);
    double low = fmin(a->length, b->length), high = fmax(a->length, b->length);
    double margin = .1 * (high - low);
    if (!isfinite(at)) return (low + high) / 2;
    return fmin(fmax(at, low + margin), high - margin);
}

// Algorithm 3.6: `low` has decreased and its slope points to `high`. Returns 1 when a step
// satisfies both conditions, with *found set to it.
static int search_zoom(struct step *found, struct search *search, struct step low,
                       struct step high)
{
    while (search->evaluations < SEARCH_EVALUATIONS) {
        struct step middle = try_step(search, interpolate(&low, &high));
        if (!decreased(search, &middle) ||
            middle.value > low.value + ROUNDING * fabs(low.value)) {
            high = middle;
            continue;
        }
        if (flat(search, &middle)) {
            *found = middle;
            return 1;
        }
        if (middle.slope * (high.length - low.length) >= 0) high = low;
        low = middle;
    }
    return 0;
}

// Algorithm 3.5: steps grow until a minimum is enclosed, but not to where the function is not
// finite.
static int search_wolfe(struct step *found, struct search *search, double first)
{
    struct step before = {0, search->value, search->slope};
    double length = first, wall = (double)INFINITY;
    while (search->evaluations < SEARCH_EVALUATIONS) {
        struct step now = try_step(search, length);
        if (!isfinite(now.value) || !isfinite(now.slope)) {
            wall = length;
            length = before.length + .1 * (length - before.length);
            continue;
        }
        if (!decreased(search, &now) ||
            (before.length > 0 && now.value >= before.value))
            return search_zoom(found, search, before, now);
        if (flat(search, &now)) {
            *found = now;
            return 1;
        }
        if (now.slope >= 0) return search_zoom(found, search, now, before);
        before = now;
        length = fmin(2 * length, (length + wall) / 2);
    }
    return 0;
}

// The last pairs s = change of x, y = change of the gradient, in a ring.
struct memory {
    size_t n, capacity, count, next;
    double *s, *y, *share,
        *alpha;   // (capacity,n) twice; 1 / (y.s) and workspace (capacity)
    double scale; // of H at its start, s.y / y.y of the last pair
};

static void memory_open(struct memory *memory, size_t n, size_t capacity,
                        struct arena *arena)
{
    *memory = (struct memory){.n = n,
                              .capacity = capacity,
                              .s = arena_doubles(arena, size_product(capacity, n)),
                              .y = arena_doubles(arena, size_product(capacity, n)),
                              .share = arena_doubles(arena, capacity),
                              .alpha = arena_doubles(arena, capacity)};
}

// Algorithm 7.4: direction = -H gradient, H starting from scale times the unit matrix.
static void memory_apply(double *direction, const double *gradient,
                         struct memory *memory)
{
    const size_t n = memory->n;
    for (size_t i = 0; i < n; ++i) direction[i] = -gradient[i];
    for (size_t k = 0; k < memory->count; ++k) {
        size_t at = (memory->next + memory->capacity - 1 - k) % memory->capacity;
        const double *s = memory->s + at * n, *y = memory->y + at * n;
        memory->alpha[at] = memory->share[at] * inner_product(s, direction, n);
        for (size_t i = 0; i < n; ++i) direction[i] -= memory->alpha[at] * y[i];
    }
    if (memory->count)
        for (size_t i = 0; i < n; ++i) direction[i] *= memory->scale;
    for (size_t k = memory->count; k-- > 0;) {
        size_t at = (memory->next + memory->capacity - 1 - k) % memory->capacity;
        const double *s = memory->s + at * n, *y = memory->y + at * n;
        double beta = memory->share[at] * inner_product(y, direction, n);
        for (size_t i = 0; i < n; ++i)
            direction[i] += (memory->alpha[at] - beta) * s[i];
    }
}

// Stores the pair between two points, and from it the scale (Eq. 7.20); a pair that shows no
// curvature tells nothing and is dropped, before it takes the place of the oldest.
static void memory_store(struct memory *memory, const double *x, const double *point,
                         const double *before, const double *after)
{
    const size_t n = memory->n;
    double curvature = 0, step = 0, change = 0;
    for (size_t i = 0; i < n; ++i) {
        const double s_i = point[i] - x[i], y_i = after[i] - before[i];
        curvature += s_i * y_i;
        step += s_i * s_i;
        change += y_i * y_i;
    }
    if (!(curvature > DBL_EPSILON * sqrt(change * step))) return;
    double *s = memory->s + memory->next * n, *y = memory->y + memory->next * n;
    for (size_t i = 0; i < n; ++i) {
        s[i] = point[i] - x[i];
        y[i] = after[i] - before[i];
    }
    memory->scale = curvature / change;
    memory->share[memory->next] = 1 / curvature;
    memory->next = (memory->next + 1) % memory->capacity;
    if (memory->count < memory->capacity) memory->count++;
}

// One step from x: 1 when it was made, with *outcome, x and its gradient brought up to date.
static int advance(struct lbfgs_outcome *outcome, double *x, double *gradient,
                   struct memory *memory, struct search *search)
{
    const size_t n = search->n;
    double *direction = search->direction;
    memory_apply(direction, gradient, memory);
    search->value = outcome->value;
    search->slope = inner_product(gradient, direction, n);
    search->evaluations = 0;
    // Without pairs the direction's length says nothing about the step's.
    double first = memory->count ? 1 : 1 / sqrt(inner_product(direction, direction, n));
    struct step step;
    int found = search->slope < 0 && search_wolfe(&step, search, first);
    outcome->evaluations += search->evaluations;
    if (!found) return 0;
    memory_store(memory, x, search->point, gradient, search->gradient);
    memcpy(x, search->point, n * sizeof *x);
    memcpy(gradient, search->gradient, n * sizeof *gradient);
    outcome->value = step.value;
    outcome->gradient = largest(gradient, n);
    outcome->iterations++;
    return 1;
}

struct lbfgs_outcome lbfgs_minimise(double *x, size_t n, lbfgs_function *function,
                                    void *context,
                                    const struct lbfgs_settings *settings,
                                    struct arena *arena)
{
    require(n > 0 && settings->history > 0 && settings->tolerance >= 0,
            "%zu numbers, history %zu, tolerance %g", n, settings->history,
            settings->tolerance);
    const size_t mark = arena_mark(arena);
    double *gradient = arena_doubles(arena, n);
    struct search search = {.n = n,
                            .function = function,
                            .context = context,
                            .x = x,
                            .direction = arena_doubles(arena, n),
                            .point = arena_doubles(arena, n),
                            .gradient = arena_doubles(arena, n)};
    struct memory memory;
    memory_open(&memory, n, settings->history, arena);

    struct lbfgs_outcome outcome = {.end = LBFGS_ITERATIONS, .evaluations = 1};
    outcome.value = function(gradient, x, context);
    outcome.gradient = largest(gradient, n);
    if (!isfinite(outcome.value) || !isfinite(outcome.gradient))
        outcome.end = LBFGS_NOT_FINITE;
    while (outcome.end == LBFGS_ITERATIONS) {
        if (outcome.gradient <= settings->tolerance)
            outcome.end = LBFGS_CONVERGED;
        else if (outcome.iterations == settings->iterations)
            break;
        else if (!advance(&outcome, x, gradient, &memory, &search)) {
            // Pairs full of rounding are forgotten once; the slope itself is the last resort.
            if (memory.count == 0) outcome.end = LBFGS_STALLED;
            memory.count = 0;
        }
    }
    arena_reset(arena, mark);
    return outcome;
}
