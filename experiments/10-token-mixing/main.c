// target: section5.2
// needs: m75-h3
// budget: smoke 50 s, desk 8 min
/// # Sections 5.2 and 5.3, Remarks 4.7 and 4.8: what survives its controls
///
/// **Claim.** The decoder's layer norm acts as a batch norm over tokens and the decoder as the
/// projection head of contrastive learning (Remark 4.7); hidden patches must be the target, as
/// visible ones lead to the identity map (Remark 4.8). The class token has not learned which
/// cluster shows the class, so a probe needs batch normalisation, whose non-linearity partly mixes
/// tokens, or the last qkv, which is "also linear" (Sec. 5.2, 6.3). Token mixing and layer norm are
/// crucial (abstract, Sec. 5.3; by Sec. 1 the layer norm "might also be important"), and more heads
/// improve the features, as they offer more clusters to choose from (Sec. 5.3).
///
/// **Method.** What is mathematics is tried on random instances, in double. What is said of
/// training is tried by training: small models on planted scenes that differ from the paper's in
/// one thing each, with the same initial weights, order and masks for each seed. Each is measured
/// by its loss on hidden patches, by the agreement of K-means on its tokens with the true regions,
/// and by ridge probes of the class on its class token and on its mean patch token. A difference
/// has an interval over seeds and scenes, both paired.
///
/// ## Batch normalisation before a probe
///
/// In evaluation $W\,\mathrm{diag}(1/s)(x-m) + b = W'x + b'$ with $W' = W\,\mathrm{diag}(1/s)$, $b'
/// = b - W'm$: one linear layer. Batch normalisation adds nothing that the probe could not
/// express, least of all non-linearity; what it changes is the path that training takes. In
/// training its statistics are those of the class tokens of a batch's *other images*. The other
/// tokens of the same image do not enter at all, so that it is no token mixing.
///
/// That the last qkv is "also linear" is true of the projection and not of the probe, whose
/// attention multiplies what it projects. Let the tokens be 1 (the class token) and 0, and all
/// three weights $w$: the output is $w\,e^{w^2}/(e^{w^2}+1)$, .731 for $w = 1$ and 1.964, not
/// 1.462, for $w = 2$. It is linear in the third of the weights that makes values, for given
/// queries and keys.
///
/// ## Layer norm and batch norm (Remark 4.7)
///
/// A layer norm sees one token, a batch norm over tokens one feature. Three equal tokens $(1,-1)$
/// stay as they are after a layer norm (but for its $\epsilon$), and are zeros after a batch norm,
/// whose $\epsilon$ keeps it from dividing 0 by 0. The first ignores the scale of each token, the
/// second that of each feature, whose variance over the tokens it fixes wherever that is not 0.
///
/// ## Targets (Remark 4.8)
///
/// The identity map is a shortcut only where it is possible: a visible patch of $F$ numbers passes
/// through $D \ge F$ features of its own token unchanged, no token need mix with another, and even
/// the pixels' noise is copied. The remark is measured by that. It leaves open whether visible
/// patches do harm next to hidden ones, which a row of our own asks: are hidden patches alone a
/// better target than hidden and visible ones together?
///
/// With whitened targets, $t = C^{-1/2}(x-\mu)$, the masked loss *is* a constant plus the spectral
/// contrastive loss of visible and hidden parts (Theorem 4.3's chapter), with raw pixels it is not.
/// If being contrastive is what makes mask models work, whitening must do no harm.
///
/// ## Result
///
/// @planted @figure controls
///
/// @planted A claim with several parts holds when each does; the number is of its worst part, and
/// @planted the claim's row says which parts it has. Visible patches as the target (Remark 4.8):
/// @planted @{claim remark4.8.shortcut estimate} (@{claim remark4.8.shortcut verdict}); hidden
/// @planted patches alone against hidden and visible ones, by hidden loss, segments and class
/// @planted token: @{claim remark4.8.required estimate} (@{claim remark4.8.required verdict}).
/// @planted Whitened targets minus raw ones, by segments and class token:
/// @planted @{claim section4.3.equivalent.training estimate} points
/// @planted (@{claim section4.3.equivalent.training verdict}). The object's cluster, chosen by an
/// @planted oracle, minus the class token: @{claim section5.2.class-token estimate} points
/// @planted (@{claim section5.2.class-token verdict}). Attention minus the identity, by both
/// @planted probes: @{claim section5.3.token-mixing estimate} points
/// @planted (@{claim section5.3.token-mixing verdict}); six heads minus three, by class token and
/// @planted by the regions that some head attends to: @{claim section5.3.heads-clusters estimate}
/// @planted (@{claim section5.3.heads-clusters verdict}); layer norm minus none, by segments and
/// @planted class token: @{claim abstract.layernorm estimate} points
/// @planted (@{claim abstract.layernorm verdict}).
/// @unplanted The small trainings, and what they decide, are of planted scenes
/// @unplanted (`make section5.2 DATA=planted`).
///
/// Of a trained model, the class before the decoder minus after it, by class token and mean token:
/// @{claim remark4.7.projection estimate} points (@{claim remark4.7.projection verdict}).
///
/// @show core/train/target.h
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "experiments/10-token-mixing/arms.h"
#include "experiments/10-token-mixing/emit.h"
#include "experiments/10-token-mixing/projection.h"
#include "experiments/10-token-mixing/statements.h"

/// ## Run
///
/// Recipes of the small trainings decide the numbers, and are noted.
static void prepare(struct study *study)
{
    struct arms *arms = study->own = arena_take(&study->arena, 1, sizeof *arms);
    arms_open(arms, study);
    for (size_t a = 0; a < ARMS; ++a) {
        char text[RECIPE_TEXT], what[64];
        const struct recipe recipe = arm_recipe(arms, a);
        recipe_text(text, &recipe);
        snprintf(what, sizeof what, "training %s", arms->arm[a].key);
        run_note(&study->run, what, text, 1);
    }
}

/// ## Check
///
/// A claim's parts are what one training has over another by one measure, in the claim's own
/// direction; all have to hold.
///
/// @show experiments/10-token-mixing/judge.c controls
static void train(struct study *study)
{
    struct arms *arms = study->own;
    // What is known of planted scenes alone is claimed of them alone.
    if (strcmp(study->run.options.data, "planted") != 0) return;
    const struct recipe whole = recipe_find("smoke", "m75-h3"),
                        here = arm_recipe(arms, ARM_PAPER);
    if (here.epochs < whole.epochs)
        run_pilot(&study->run, "small trainings: %g of %g epochs", here.epochs,
                  whole.epochs);
    snprintf(study->scale, sizeof study->scale,
             "small models trained for %g epoch%s, %zu seed%s", here.epochs,
             here.epochs == 1 ? "" : "s", arms->scale.seeds,
             arms->scale.seeds == 1 ? "" : "s");
    arms_measure(arms);
    arms_judge(arms);
    /// ## Emit
    /// Table and figure: emit.c.
    emit_arms(arms);
    arms_close(arms);
}

int main(int argc, char **argv)
{
    static const struct experiment token_mixing = {.name = "10-token-mixing",
                                                   .models = {"m75-h3"},
                                                   .splits = 1u << SPLIT_TRAIN |
                                                             1u << SPLIT_TEST,
                                                   .checks = statements,
                                                   .check_count = STATEMENTS,
                                                   .prepare = prepare,
                                                   .run = projection_measure,
                                                   .train = train};
    return experiment_main(&token_mixing, argc, argv);
}
