// The statements of Sec. 3.1, on what is trained and what an attention layer is: the instances that
// decide each, as core/study/check.h has them.
#ifndef MASKBOOK_LOW_RANK_DEFINITIONS_H
#define MASKBOOK_LOW_RANK_DEFINITIONS_H

#include "core/analysis/hidden_rows.h"
#include "core/study/check.h"

// The hidden rows of one planted scene by a network with random weights and patches of side
// `patch`; loss (1) = its masked loss, NULL: not wanted. Arrays are taken from draw->arena.
void random_rows(struct hidden_rows *rows, double *loss, struct draw *draw, int patch,
                 double ratio);

// Definition 3.1: the rows that are missing as printed, and those that a mask token fills.
double rows_missing(struct draw *draw, char note[CHECK_NOTE]);
double rows_filled(struct draw *draw, char note[CHECK_NOTE]);

// Equations 1 and 2: the minimum over one image and over all; the loss of one image.
double one_image(struct draw *draw, char note[CHECK_NOTE]);
double conditional_mean(struct draw *draw);
double loss_of_one(struct draw *draw);

// Definition 3.2: W = softmax(Q K^T), which is no weight, and the layer as a sum over heads.
double rows_sum_to_one(struct draw *draw);
double two_inputs(struct draw *draw, char note[CHECK_NOTE]);
double sum_of_heads(struct draw *draw);

#endif
