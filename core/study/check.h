/// Checks: claims that need neither images nor weights, because they are mathematics or arithmetic
/// of printed numbers. A check is a row of a table and, for mathematics, one function that tries
/// the claim on one random instance:
///
///     static double eckart_young(struct draw *draw)   // |lhs - rhs| / (|lhs| + |rhs|)
///     static const struct check checks[] = {
///         {"eq3.corrected", .residual = eckart_young, .test = "sizes 8 to 64, every rank"}, ...};
///
/// The claim's kind and margin are those of its row in paper/claims.tsv.
#ifndef MASKBOOK_STUDY_CHECK_H
#define MASKBOOK_STUDY_CHECK_H

#include <stddef.h>

#include "core/base/arena.h"
#include "core/base/rng.h"
#include "core/report/run.h"

enum {
    CHECK_DRAWS = 200, ///< random instances of a check, where its row does not say
    CHECK_NOTE = 256   ///< bytes of the sentence that a violation may come with
};

/// One random instance. What a check takes from the arena is given back after each.
struct draw {
    size_t number;  ///< 0, 1, ...: for sizes that are enumerated, not drawn
    struct rng rng; ///< the stream (seed, PURPOSE_THEORY, number, the claim)
    struct arena *arena;
    double rounding; ///< out: what rounding may make of the residual; at first infinite
};

/// A size drawn uniformly from least..most.
size_t draw_size(struct draw *draw, size_t least, size_t most);

/// `count` standard normal numbers from the draw's stream, in its arena.
double *draw_normals(struct draw *draw, size_t count);

/// The residual of an identity on one instance, relative: |lhs - rhs| / (|lhs| + |rhs|).
typedef double residual_function(struct draw *draw);

/// |lhs - rhs| / size, and draw->rounding = gamma = k u / (1 - k u), u = 2^-53: where each side is
/// computed by adding up terms of sizes that sum to `size` over both sides, and no term or partial
/// sum goes through more than k = `roundings` roundings, rounding alone makes at most gamma of it
/// (Higham, Accuracy and Stability, Lemma 3.1). Numbers that come out of LAPACK count the roundings
/// of its backward error, some multiple of rows times columns (theorem 19.4). Where size is 0, the
/// difference itself; NAN where a number that it is given is none. Residuals of one draw have one
/// bound, the largest that any of them needs: another is a broken contract.
double draw_residual(struct draw *draw, double lhs, double rhs, double size,
                     double roundings);

/// The same of lhs <= rhs: what is missing to it, 0 where nothing is.
double draw_missing(struct draw *draw, double lhs, double rhs, double size,
                    double roundings);

/// The larger of two residuals; NAN where one is, which fmax would forget.
double larger_residual(double a, double b);

/// How far a statement fails on one instance; 0 or less where it holds, NAN where the instance does
/// not have what the statement presupposes. `note` (CHECK_NOTE), empty at first, may be given a
/// sentence about the instance ("a rank-3 matrix at distance 0.2").
typedef double violation_function(struct draw *draw, char note[CHECK_NOTE]);

/// A claim that needs no data. One of the four ways to judge it is set, the others are NULL.
struct check {
    const char *id; ///< of a row in paper/claims.tsv

    /// Kind identity: the |residual| of every draw against the row's margin, and against what
    /// rounding may make of it where draw_residual says so. REFUTED where one is above either.
    residual_function *residual;

    /// Kind exact: the largest violation of all draws. Above 0 it is a counter-example: REFUTED
    /// where the row's data is none, else NOT-REPRODUCED.
    violation_function *violation;

    /// Kind arithmetic: the number printed as the claim `more` minus that printed as `less` is the
    /// number printed as this claim, to the last digit.
    const char *more, *less;

    /// Anything else: records the verdict itself (run_verdict).
    /// Or it records none, when the experiment will.
    void (*judge)(struct run *run, const char *id);

    size_t draws;     ///< of residual or violation; 0: CHECK_DRAWS
    const char *test; ///< what is tried, in words; of `more` minus `less` NULL
};

/// Judges every check in the order of the table. Residuals and violations go to result.tsv under
/// the claim's id (value of the draw that decides, n the draws); all verdicts are recorded, and
/// shown in one table, checks.md, with the number and the draw that decided. A residual or
/// violation that is not a number makes its claim INCONCLUSIVE. Same bits for the same seed,
/// independent of the other checks. Without checks nothing is written. Contract: each row is of
/// this experiment and of the kind that its way of judging is for.
void checks_run(struct run *run, const struct check *checks, size_t count);

/// The number that the paper prints as the claim `id`, in thousandths, so that sums of such numbers
/// are exact. Dies (EXIT_INPUT) when it is not printed as a number.
long printed_thousandths(const struct run *run, const char *id);

#endif
