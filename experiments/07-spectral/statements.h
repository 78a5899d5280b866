// The statements of Sec. 3.3 to Remark 4.4, and of what is true in their place, that need no data.
// Which claim each decides, and on what, is the table in main.c, where the proofs are told too.
#ifndef MASKBOOK_SPECTRAL_STATEMENTS_H
#define MASKBOOK_SPECTRAL_STATEMENTS_H

#include "core/study/check.h"

// clustering.c: the graph and the recipe of spectral clustering.
violation_function degrees_of_nothing, recipe_with_hub;
residual_function unit_eigenvalue;
void recipe_with_unit_rows(struct run *run, const char *id);
/// weights (n,n) = D^{-1/2} weights D^{-1/2}, and the degrees (n) that they had.
void adjacency_normalise(double *weights, double *degrees, size_t n);

// proof.c: Theorem 4.3, line by line.
violation_function minus_itself, sign_of_its_own, dark_patch, printed_eigenvalues,
    no_constant, other_order, hidden_degrees;
residual_function first_line, true_eigenvalues, last_line, one_direction,
    up_to_rotation, rotated_factor, excess_of_rank, degrees_outside, population;

// pairs.c: Eqs. 9 and 10, kernel and probability.
violation_function kernel_rank, kernel_sum, similar_negatives, other_repulsion;
residual_function pairs_summed, printed_expectations, weighted_expectations,
    drawn_pairs, joint_probability, penalty_for_repulsion;

// repaired.c: the repaired theorem.
residual_function any_network, finite_alphabet, linear_optimum;

#endif
