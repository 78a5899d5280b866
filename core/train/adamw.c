#include "core/train/adamw.h"

#include "core/base/die.h"

#include <math.h>

// The numbers of an update that are the same for every weight, each rounded once from double, at
// the same points as in torch.optim.AdamW.
struct step {
    real keep;         // 1 - lr wd
    real beta1, gain1; // b1, 1 - b1
    real beta2, gain2; // b2, 1 - b2
    real spread;       // sqrt(1 - b2^step)
    real epsilon;
    real size; // lr / (1 - b1^step)
};

KERNEL static void update(real *restrict w, real *restrict m, real *restrict v,
                          const real *restrict g, size_t count, struct step s)
{
    for (size_t i = 0; i < count; ++i) {
        m[i] = s.beta1 * m[i] + s.gain1 * g[i];
        v[i] = s.beta2 * v[i] + s.gain2 * g[i] * g[i];
#ifdef REAL_DOUBLE
        real root = sqrt(v[i]);
#else
        real root = sqrtf(v[i]);
#endif
        w[i] = s.keep * w[i] - s.size * (m[i] / (root / s.spread + s.epsilon));
    }
}

void adamw_update(real *weights, real *first_moment, real *second_moment,
                  const real *gradient, size_t first, size_t last, uint64_t step,
                  const struct adamw *settings)
{
    require(step > 0 && first <= last, "step %llu, range %zu..%zu",
            (unsigned long long)step, first, last);
    double b1 = settings->beta1, b2 = settings->beta2, lr = settings->learning_rate;
    struct step s = {
        .keep = (real)(1 - lr * settings->weight_decay),
        .beta1 = (real)b1,
        .gain1 = (real)(1 - b1),
        .beta2 = (real)b2,
        .gain2 = (real)(1 - b2),
        .spread = (real)sqrt(1 - pow(b2, (double)step)),
        .epsilon = (real)settings->epsilon,
        .size = (real)(lr / (1 - pow(b1, (double)step))),
    };
    update(weights + first, first_moment + first, second_moment + first,
           gradient + first, last - first, s);
}
