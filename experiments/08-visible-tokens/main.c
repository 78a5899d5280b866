// target: lemma4.6
// needs: m75-h3
// budget: smoke 8 s, desk 3 min
/// # Lemma 4.6: hidden tokens as combinations of visible ones
///
/// **Claim.** The paper passes from hidden to visible tokens in three steps. A decoder makes each
/// hidden token of the visible ones, $u_i = \sum_j a_j u'_j$ (Assumption 4.5). The best $a_j$, with
/// a penalty $\lambda \sum_j a_j^2$, are proportional to the similarity $u'_j \cdot x$ of a visible
/// token and the hidden patch $x$ (Lemma 4.6, Eqs. 11 to 16). And $u'_j$ is nearly the patch $X_j$
/// itself (Eq. 17). So contrastive learning on hidden tokens would be contrastive learning on
/// visible ones.
///
/// **Where it breaks.** Eq. 11 is ridge regression: with $U'$ the matrix whose rows are the $u'_j$
/// its only minimiser is $a^* = (U' U'^\top + \lambda I)^{-1} U' x$. (In the paper's model it does
/// not exist: $u'_j$ has 192 numbers, $x$ has 12, in the one measured here 48.) The paper divides
/// it into one problem for each feature $k$, with a sum to $N$ that should run to $F$, and solves
/// each by Sherman and Morrison's formula. The third line of Eq. 14 has $N/\lambda$ where
/// $\lambda/N$ follows, which cannot be seen at $\lambda = N$; Eq. 15 has another slip, which
/// cannot be seen at $\lambda = 1$. Two steps remain. The squared norms $C_k$ of the *columns* are
/// taken as one constant, because $U'$ leaves a layer norm; but a layer norm fixes the norm of
/// *rows*. And the minimiser of a sum is taken as the mean of the summands' minimisers; but each
/// counts by its second derivative.
///
/// **What is true.** Write $a^*$ by the other order of the same product: $a^*_j = u'_j \cdot
/// (U'^\top U' + \lambda I)^{-1} x$, since $(U'U'^\top + \lambda I) U' = U' (U'^\top U' + \lambda
/// I)$. This is similarity too, but in a metric in which directions that many tokens share count
/// less. The lemma follows in two cases. As $\lambda$ grows, $|\lambda a^* - U'x| \le
/// s_1^2/(s_1^2+\lambda) |U'x|$ ($s_1$ the largest singular value of $U'$), because $\lambda a^* -
/// U'x = -U'U'^\top (U'U'^\top + \lambda I)^{-1} U'x$. And at every $\lambda$ if all singular
/// values of $U'$ that are not 0 are equal, $s_i^2 = c$: then $a^* = U'x/(\lambda + c)$. This is so
/// for features of one scale without correlation over the tokens, $U'^\top U' = c I$, and for
/// tokens of one length that are orthogonal to one another, $U'U'^\top = c I$. Two tokens show the
/// failure, as a layer norm makes them up to its scale: $u' = (1,-1,0), (1,0,-1)$, $x = (1,-1,0)$,
/// $\lambda = 1$ have similarities 2 and 1 and weights $5/8$ and $1/8$.
///
/// **Method.** The mathematics is tried on random instances, each residual next to what rounding
/// may make of it. Then a trained model reconstructs the test images, and five things are measured.
/// Do the encoder's visible tokens span the decoder's hidden ones better than those of another
/// image (at the places that are visible there, some of which are hidden here: so a little of their
/// difference is one of masks)? Does the model's own output at a visible place, where no loss has
/// asked for it, explain the patch (next to it stands what outputs at hidden places explain of
/// patches that no token has seen, and what each visible patch's own mean colour does)? Does a
/// linear map of the token? What does attention from hidden to visible tokens go with: similarity
/// of pixels, nearness, or the true region, each given the others (partial correlations within an
/// image)? How far are the weights of Eq. 11 from the similarities, over $\lambda$?
///
/// ## Result
///
/// The visible tokens of an image span @{span.encoder.own ci} of a hidden token's squared norm,
/// those of another image @{span.encoder.other ci}: the lead decides Assumption 4.5
/// (@{claim assumption4.5 verdict}). Eq. 17 may be read as taking for $u'_j$ what the decoder makes
/// of visible tokens; their lead is @{span.decoder.lead ci}. The model's outputs explain
/// @{outputs.share ci} of the patches at visible places, where no loss asks for them, and
/// @{outputs.hidden-share ci} at hidden ones, while each visible patch's mean colour alone explains
/// @{outputs.colour-share ci} (Eq. 17: @{claim eq17 verdict}). A linear map of a token at its place
/// explains @{mapped.own ci}, of another image's token @{mapped.other ci}
/// (@{claim eq17.corrected verdict}). In the decoder's first block the partial correlation of
/// attention is @{attention.block1.similarity.partial ci} with similarity and
/// @{attention.block1.nearness.partial ci} with nearness; the least of all blocks, and of
/// similarity's leads over nearness, is @{claim lemma4.6.conclusion estimate}
/// (@{claim lemma4.6.conclusion verdict}). The weights of Eq. 11 for pixels and the similarities
/// have a cosine of @{cosine.patches.lambda-3 ci} where $\lambda$ is a thousandth of a patch's mean
/// squared norm, and @{cosine.patches.lambda+0 ci} where it is all of that.
#include "core/study/judgement.h"
#include "experiments/08-visible-tokens/algebra.h"
#include "experiments/08-visible-tokens/emit.h"
#include "experiments/08-visible-tokens/judge.h"

enum { SMOKE_IMAGES = 200, IMAGES = 1000, RIDGE_IMAGES = 100 };

/// ## Check
static const struct check checks[] = {
    {"assumption4.5.corrected", .residual = attention_head,
     .test = "one head of attention in two orders, 2 to 24 tokens and features"},
    {"lemma4.6", .violation = unequal_ratios, .draws = 1,
     .test = "two tokens, by hand"},
    {"lemma4.6.corrected", .residual = limit_of_large_ridge,
     .test = "lambda from 1e-3 to 1e9"},
    {"lemma4.6.whitened", .residual = whitened_tokens,
     .test = "orthonormal columns times a number"},
    {"eq11", .violation = unequal_widths, .draws = 1, .test = "the paper's model"},
    {"eq11.corrected", .residual = gradient_at_minimum,
     .test = "a* from its own gradient"},
    {"eq12", .residual = components_printed, .test = "N = 16, F = 48"},
    {"eq12.corrected", .residual = components_corrected,
     .test = "random weights, 2 to 24 tokens and features"},
    {"eq13.sherman-morrison", .violation = singular_update, .draws = 1,
     .test = "numbers, by hand"},
    {"eq13.sherman-morrison.corrected", .residual = rank_one_update,
     .test = "the formula times X + m n^T, less I"},
    {"eq14.start", .residual = component_minimiser, .test = "line 2 against Cholesky"},
    {"eq14", .residual = third_line_printed, .test = "line 3 against Cholesky"},
    {"eq14.corrected", .residual = third_line_corrected,
     .test = "line 3 mended against Cholesky"},
    {"lemma4.6.layernorm", .violation = columns_of_a_layer_norm, .draws = 1,
     .test = "two tokens, by hand"},
    {"lemma4.6.layernorm.corrected", .residual = rows_of_a_layer_norm,
     .test = "rows of 2 to 24 numbers"},
    {"eq15.formula", .residual = component_formula_printed,
     .test = "against Cholesky, lambda neither 1 nor N"},
    {"eq15.formula.corrected", .residual = component_formula_corrected,
     .test = "N terms and F terms against Cholesky"},
    {"lemma4.6.mean", .residual = mean_of_minimisers, .test = "mean of A_k against a*"},
    {"lemma4.6.mean.corrected", .residual = weighted_mean_of_minimisers,
     .test = "weighted mean of A_k against a*"},
    {"eq16.formula", .residual = combination_formula_printed,
     .test = "against a*, lambda to 1e9 times as large"},
    {"eq16.formula.corrected", .residual = whitened_metric,
     .test = "an F by F system against an N by N one"},
};

/// ## Run
///
/// Spans, outputs, contents and attention are measured and judged in judge.c. A good guess explains
/// a patch as well as a copy of it does: what outputs at hidden places explain of patches that no
/// token has seen is recorded next to what those at visible places explain. Attention follows
/// similarity where its partial correlation is clear in every block, and above that with nearness.
static void measure_ridge(struct measured *measured, struct study *study,
                          const struct tokens *tokens)
{
    const size_t n = tokens->images < RIDGE_IMAGES ? tokens->images : RIDGE_IMAGES;
    double *cosines = arena_doubles(&study->arena, LAMBDAS * n);
    for (int k = 0; k < COMBINATIONS; ++k) {
        ridge_cosines(cosines, tokens, n, (enum combination)k, &study->arena);
        for (size_t l = 0; l < LAMBDAS; ++l)
            measured->cosine[k][l] = study_mean(study, cosines + l * n, n);
    }
}

static void run(struct study *study)
{
    struct tokens tokens;
    static struct measured measured;
    tokens_open(&tokens, study,
                study->run.options.tier == TIER_SMOKE ? SMOKE_IMAGES : IMAGES);
    measured.images = tokens.images;
    judge_spans(&measured, study, &tokens);
    judge_contents(&measured, study, &tokens);
    judge_attention(&measured, study, &tokens);
    measure_ridge(&measured, study, &tokens);
    /// ## Emit
    /// Tables, the figure with the numbers it draws, and on demand the arrays of the first images.
    emit_measured(study, &measured, &tokens);
    emit_picture(study, &measured);
    if (study->run.options.export_arrays) export_tokens(study, &tokens);
}

int main(int argc, char **argv)
{
    static const struct experiment visible_tokens = {.name = "08-visible-tokens",
                                                     .models = {"m75-h3"},
                                                     .splits = 1u << SPLIT_TEST,
                                                     .checks = checks,
                                                     .check_count =
                                                         sizeof checks / sizeof *checks,
                                                     .run = run};
    return experiment_main(&visible_tokens, argc, argv);
}
