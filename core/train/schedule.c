#include "core/train/schedule.h"

#include "core/base/die.h"

#include <math.h>

double schedule_factor(double epoch, double step, double warmup, double epochs)
{
    require(epochs > 0 && epoch >= 0 && step > 0, "epoch %g + %g of %g", epoch, step,
            epochs);
    double cosine = .5 * (1 + cos(M_PI * fmin(epoch / epochs, 1)));
    double line = warmup > 0 ? (epoch + step) / warmup : 1;
    return fmin(line, cosine);
}
