#include <math.h>

#include "core/study/judgement.h"
#include "experiments/04-probing/probing.h"

// The rival of batch normalisation. A probe that was not solved decides nothing.
static void judge_solved(const struct probing *probing)
{
    const struct lbfgs_outcome *lp = &probing->probe[LP_SOLVED].solution.solver,
                               *bn = &probing->probe[BN_LP_SOLVED].solution.solver;
    struct estimate gap = probing->gap[GAP_BN_SOLVED].gain.points;
    if (lp->end != LBFGS_CONVERGED || bn->end != LBFGS_CONVERGED)
        gap.low = gap.high = (double)NAN;
    study_judge(
        probing->study, "section6.3.bn-converged", &gap, 1, 0,
        "paired bootstrap over images of BN+LP minus LP, both solved",
        "L-BFGS to gradients of %.1e and %.1e; before, by the recipe, the gap is "
        "%.4g points",
        lp->gradient, bn->gradient, probing->gap[GAP_BN].gain.points.value);
}

// Printed accuracies, judged at the paper's own tier.
static void judge_accuracy(const struct probing *probing, const char *id, int probe)
{
    const struct answers *answers = &probing->probe[probe].answers;
    study_judge(probing->study, id, &answers->accuracy, 1, 0,
                "accuracy after the last epoch, bootstrap over images",
                "maximum over epochs %.4g", answers->best);
}

// The two steps of the table.
static void judge_gap(const struct probing *probing, const char *id, int number)
{
    const struct gain *gain = &probing->gap[number].gain;
    study_judge(probing->study, id, &gain->points, 1, 0, "paired bootstrap over images",
                "given these weights; first seeds: McNemar mid-p %.2g",
                gain->mcnemar.mid_p);
}

// The rival of token mixing: the perceptron for qkv, and for the selection of tokens. q and k
// change which tokens are read, v how the same ones are.
static void judge_mixing(const struct probing *probing)
{
    const struct gain *mixing = &probing->gap[GAP_MIXING].gain;
    const struct estimate selecting[] = {probing->gap[GAP_OVER_VALUE].gain.points,
                                         probing->gap[GAP_OVER_MLP].gain.points};
    static const int compared[] = {LP_CHOSEN, PARTIAL_CHOSEN, MLP, VALUE, QUERY_KEY};
    int at_end = 0;
    for (size_t i = 0; i < sizeof compared / sizeof *compared; ++i)
        at_end |= grid_rate_at_end(&probing->probe[compared[i]]);
    const double lp = probing->probe[LP_CHOSEN].answers.accuracy.value,
                 qkv = probing->probe[PARTIAL_CHOSEN].answers.accuracy.value,
                 mlp = probing->probe[MLP].answers.accuracy.value;
    const char *doubt = at_end ? "; a rate was chosen at an end of those tried" : "";
    study_judge(
        probing->study, "section6.3.qkv-over-mlp", &mixing->points, 1, 0,
        "paired bootstrap over images of qkv minus MLP, both at rates chosen on "
        "held-out training images",
        "given these weights; first seeds: McNemar mid-p %.2g; of %.4g points that qkv "
        "gains over LP the MLP, which mixes nothing, gains %.4g%s",
        mixing->mcnemar.mid_p, qkv - lp, mlp - lp, doubt);
    study_judge(
        probing->study, "section6.3.reselection", selecting, 2, 0,
        "paired bootstrap over images of q and k minus v and minus MLP, at rates "
        "chosen on held-out training images",
        "given these weights; q and k minus v %.4g points, minus the MLP %.4g; qkv "
        "minus v %.4g, minus q and k %.4g%s",
        selecting[0].value, selecting[1].value,
        probing->gap[GAP_VALUE].gain.points.value,
        probing->gap[GAP_QUERY_KEY].gain.points.value, doubt);
}

// The paper's choice of optimiser. (Solved, a probe needs none: judge_solved.)
static void judge_optimiser(const struct probing *probing)
{
    const struct grid_probe *adamw = &probing->probe[LP_CHOSEN],
                            *lars = &probing->probe[LARS];
    const int at_end = grid_rate_at_end(adamw) || grid_rate_at_end(lars);
    study_judge(
        probing->study, "section6.adamw", &probing->gap[GAP_ADAMW].gain.points, 1, 0,
        "paired bootstrap over images of LP by AdamW minus LP by LARS, at rates chosen "
        "on held-out training images",
        "given these weights; AdamW %.4g %%, LARS %.4g %%, solved %.4g %%%s",
        adamw->answers.accuracy.value, lars->answers.accuracy.value,
        probing->probe[LP_SOLVED].answers.accuracy.value,
        at_end ? "; a rate was chosen at an end of those tried" : "");
}

void probing_judge(const struct probing *probing)
{
    judge_solved(probing);
    // What follows rests on trainings by the recipe.
    if (probing->scale.epochs < probing->scale.whole_epochs)
        run_pilot(&probing->study->run, "pilot probes: %g of %g epochs",
                  probing->scale.epochs, probing->scale.whole_epochs);
    judge_accuracy(probing, "table1.cifar10.lp", LP);
    judge_accuracy(probing, "table1.cifar10.bn-lp", BN_LP);
    judge_accuracy(probing, "table1.cifar10.partial", PARTIAL);
    judge_gap(probing, "table1.cifar10.bn-over-lp", GAP_BN);
    judge_gap(probing, "table1.cifar10.partial-over-bn", GAP_PARTIAL);
    judge_mixing(probing);
    judge_optimiser(probing);
}
