/// Equations 11 to 16 of the paper and what is true in their place: one function for each claim
/// that needs neither images nor weights (core/study/check.h). Random instances have N = 2..24
/// tokens of F = 2..24 normal numbers and lambda between .1 and 10 times either 1 or N, at neither
/// of which the printed slips can hide: lambda = 1 makes lambda^2 of lambda, lambda = N makes
/// N/lambda of lambda/N.
#ifndef MASKBOOK_EXPERIMENTS_ALGEBRA_H
#define MASKBOOK_EXPERIMENTS_ALGEBRA_H

#include "core/study/check.h"

double attention_head(struct draw *draw);
double unequal_ratios(struct draw *draw, char note[CHECK_NOTE]);
double limit_of_large_ridge(struct draw *draw);
double whitened_tokens(struct draw *draw);
double unequal_widths(struct draw *draw, char note[CHECK_NOTE]);
double gradient_at_minimum(struct draw *draw);
double components_printed(struct draw *draw);
double components_corrected(struct draw *draw);
double singular_update(struct draw *draw, char note[CHECK_NOTE]);
double rank_one_update(struct draw *draw);
double component_minimiser(struct draw *draw);
double third_line_printed(struct draw *draw);
double third_line_corrected(struct draw *draw);
double columns_of_a_layer_norm(struct draw *draw, char note[CHECK_NOTE]);
double rows_of_a_layer_norm(struct draw *draw);
double component_formula_printed(struct draw *draw);
double component_formula_corrected(struct draw *draw);
double mean_of_minimisers(struct draw *draw);
double weighted_mean_of_minimisers(struct draw *draw);
double combination_formula_printed(struct draw *draw);
double whitened_metric(struct draw *draw);

#endif
