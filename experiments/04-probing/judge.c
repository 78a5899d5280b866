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

// A difference, which decides nothing where a better rate of either probe may lie beyond those
// tried.
static struct estimate decided(const struct probing *probing, int number, int *beyond)
{
    const struct difference *gap = &probing->gap[number];
    struct estimate points = gap->gain.points;
    if (grid_rate_at_end(&probing->probe[gap->better]) ||
        grid_rate_at_end(&probing->probe[gap->worse])) {
        points.low = points.high = (double)NAN;
        *beyond = 1;
    }
    return points;
}

static const char *doubt(int beyond)
{
    return beyond ? "; a rate was chosen at an end of those tried" : "";
}

// The rival of token mixing: the perceptron for qkv, and for the selection of tokens. q and k
// change which tokens are read, v how the same ones are.
static void judge_mixing(const struct probing *probing)
{
    int mixing_beyond = 0, selecting_beyond = 0;
    const struct estimate mixing = decided(probing, GAP_MIXING, &mixing_beyond);
    const struct estimate selecting[] = {
        decided(probing, GAP_OVER_VALUE, &selecting_beyond),
        decided(probing, GAP_OVER_MLP, &selecting_beyond)};
    const double lp = probing->probe[LP_CHOSEN].answers.accuracy.value,
                 qkv = probing->probe[PARTIAL_CHOSEN].answers.accuracy.value,
                 mlp = probing->probe[MLP].answers.accuracy.value;
    study_judge(
        probing->study, "section6.3.qkv-over-mlp", &mixing, 1, 0,
        "paired bootstrap over images of qkv minus MLP, both at rates chosen on "
        "held-out training images",
        "given these weights; first seeds: McNemar mid-p %.2g; of %.4g points that qkv "
        "gains over LP the MLP, which mixes nothing, gains %.4g%s",
        probing->gap[GAP_MIXING].gain.mcnemar.mid_p, qkv - lp, mlp - lp,
        doubt(mixing_beyond));
    study_judge(
        probing->study, "section6.3.reselection", selecting, 2, 0,
        "paired bootstrap over images of q and k minus v and minus MLP, at rates "
        "chosen on held-out training images",
        "given these weights; q and k minus v %.4g points, minus the MLP %.4g; qkv "
        "minus v %.4g, minus q and k %.4g%s",
        selecting[0].value, selecting[1].value,
        probing->gap[GAP_VALUE].gain.points.value,
        probing->gap[GAP_QUERY_KEY].gain.points.value, doubt(selecting_beyond));
}

// The paper's choice of optimiser, without and with batch normalisation, which the usual recipe
// has. (Solved, a probe needs no optimiser: judge_solved.)
static void judge_optimiser(const struct probing *probing)
{
    const struct grid_probe *probe = probing->probe;
    int beyond = 0;
    const struct estimate leads[] = {decided(probing, GAP_ADAMW, &beyond),
                                     decided(probing, GAP_ADAMW_BN, &beyond)};
    study_judge(
        probing->study, "section6.adamw", leads, 2, 0,
        "paired bootstrap over images of AdamW minus LARS, LP and BN+LP, at rates "
        "chosen "
        "on held-out training images",
        "given these weights; LP: AdamW %.4g %%, LARS %.4g %%; BN+LP: %.4g %%, %.4g "
        "%%; "
        "solved %.4g %%%s",
        probe[LP_CHOSEN].answers.accuracy.value, probe[LARS].answers.accuracy.value,
        probe[BN_LP_CHOSEN].answers.accuracy.value,
        probe[LARS_BN].answers.accuracy.value, probe[LP_SOLVED].answers.accuracy.value,
        doubt(beyond));
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
