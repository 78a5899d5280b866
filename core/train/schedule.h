/// The learning rate over a run (public code of the paper's recipe): the smaller of a linear
/// warm-up and a half cosine that starts at the beginning, computed per update.
#ifndef MASKBOOK_TRAIN_SCHEDULE_H
#define MASKBOOK_TRAIN_SCHEDULE_H

/// Factor in [0,1] at `epoch` (fractional, of the next update) of `epochs`:
///     min((epoch + step) / warmup, (1 + cos(pi epoch / epochs)) / 2)
/// where `step` is one update in epochs, so that the first update has a rate above 0. warmup = 0:
/// no warm-up.
double schedule_factor(double epoch, double step, double warmup, double epochs);

#endif
