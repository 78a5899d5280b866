#include "experiments/05-heads/emit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/report/reference.h"
#include "core/report/run_files.h"
#include "core/study/judgement.h"
#include "core/train/pretrained.h"

static const char *const method_name[METHODS] = {"linear probe", "finetuning",
                                                 "from scratch (not in the paper)"};

const char *claim_of_accuracy(size_t arm, enum method method)
{
    static const char *const ids[ARMS][METHODS] = {{"table2.lp-h3", "table2.ft-h3"},
                                                   {"table2.lp-h6", "table2.ft-h6"}};
    return ids[arm][method];
}

const char *claim_of_heads(enum method method)
{
    static const char *const ids[METHODS] = {"table2.lp-heads", "table2.ft-heads"};
    return ids[method];
}

// ====== Scale ======

// "1 epoch", "3 epochs", "1 to 63 epochs".
static void epochs_text(char text[48], double least, double most)
{
    if (least < most)
        snprintf(text, 48, "%g to %g epochs", least, most);
    else
        snprintf(text, 48, "%g epoch%s", least, least == 1 ? "" : "s");
}

void describe_scale(char scale[SCALE_TEXT], const struct study *study,
                    enum method method)
{
    char pretrained[48], trained[48];
    const double a = pretrained_number(&study->arms[0].model, "epochs"),
                 b = pretrained_number(&study->arms[1].model, "epochs");
    const size_t seeds = study->scale.seeds[method];
    epochs_text(pretrained, fmin(a, b), fmax(a, b));
    if (method == METHOD_PROBE)
        epochs_text(trained, study->scale.probe_epochs, study->scale.probe_epochs);
    else
        epochs_text(trained, study->arms[0].recipe.epochs,
                    study->arms[0].recipe.epochs);
    char before[80] = "";
    if (method != METHOD_SCRATCH)
        snprintf(before, sizeof before, "one pretraining an arm, of %s; ", pretrained);
    snprintf(scale, SCALE_TEXT, "%s%s on %zu images for %s, %zu seed%s, %s", before,
             method == METHOD_PROBE       ? "probed"
             : method == METHOD_FINETUNED ? "finetuned"
                                          : "trained from scratch",
             method == METHOD_PROBE ? study->train.count : study->few.count, trained,
             seeds, seeds == 1 ? "" : "s",
             method == METHOD_PROBE ? "fp32" : arithmetic_name(study->arithmetic));
}

// ====== Table ======

/// One line: what, published, reference, yours, verdict, maximum over epochs (NAN: none).
static void emit_line(struct run *run, struct table *table, const char *what,
                      const char *key, const char *id, struct estimate ours, size_t n,
                      double best)
{
    char reference[NUMBER_TEXT], yours[NUMBER_TEXT], maximum[NUMBER_TEXT],
        verdict[VERDICT_TEXT] = "-";
    const char *published = "-";
    run_result(run, key, ours.value, ours.low, ours.high, n, "%");
    number_text(reference, run_reference(run, key));
    interval_text(yours, ours.value, ours.low, ours.high);
    number_text(maximum, best);
    if (id) {
        if (strcmp(run->options.data, "cifar10") == 0)
            published = run_claim(run, id).printed;
        run_verdict_of(verdict, run, id);
    }
    table_row(table, (const char *const[]){what, published, reference, yours, verdict,
                                           maximum});
}

static void emit_mcnemar(struct run *run, const char *key,
                         const struct mcnemar *mcnemar)
{
    char name[96];
    snprintf(name, sizeof name, "%s.discordant", key);
    run_result(run, name, (double)(mcnemar->first_only + mcnemar->second_only),
               (double)NAN, (double)NAN, 0, "images");
    snprintf(name, sizeof name, "%s.mcnemar-mid-p", key);
    run_result(run, name, mcnemar->mid_p, (double)NAN, (double)NAN, 0, "1");
}

static void emit_method(const struct study *study, struct table *table,
                        const struct comparison *comparison, enum method method)
{
    struct run *run = study->run;
    const size_t n = study->test.count;
    char what[96], key[64];
    for (size_t a = 0; a < ARMS; ++a) {
        const struct arm *arm = &study->arms[a];
        const struct answers *answers = &arm->by[method];
        snprintf(what, sizeof what, "%s, %d heads", method_name[method],
                 arm->recipe.shape.encoder_heads);
        snprintf(key, sizeof key, "%s.%s", arm->name, method_key[method]);
        emit_line(run, table, what, key, claim_of_accuracy(a, method),
                  answers->accuracy, n, answers->best);
        snprintf(key, sizeof key, "%s.%s.best", arm->name, method_key[method]);
        run_result(run, key, answers->best, (double)NAN, (double)NAN, n, "%");
    }
    snprintf(what, sizeof what, "%s, 6 heads minus 3", method_name[method]);
    snprintf(key, sizeof key, "heads.%s", method_key[method]);
    emit_line(run, table, what, key, claim_of_heads(method),
              comparison->heads[method].points, n, (double)NAN);
    emit_mcnemar(run, key, &comparison->heads[method].mcnemar);
}

enum { CAPTIONS_TEXT = METHODS * (SCALE_TEXT + 96) + 512 };

/// What stands behind the numbers, under the table.
static void captions(char text[CAPTIONS_TEXT], const struct study *study)
{
    size_t used = 0;
    for (int m = 0; m < METHODS; ++m) {
        char scale[SCALE_TEXT];
        describe_scale(scale, study, (enum method)m);
        used += (size_t)snprintf(text + used, CAPTIONS_TEXT - used,
                                 "%s: %s, %zu test images.\n", method_name[m], scale,
                                 study->test.count);
    }
    snprintf(
        text + used, CAPTIONS_TEXT - used,
        "Yours is after the last epoch, with 90 %% bootstrap intervals over test "
        "images, given these weights. The maximum over epochs is chosen on the test "
        "images, as the public code does, hence optimistic.\n");
}

void emit_table(const struct study *study, const struct comparison *comparison)
{
    struct run *run = study->run;
    struct table table;
    char key[64], what[96], below[CAPTIONS_TEXT];
    snprintf(what, sizeof what, "Table 2, accuracy in percent, %s", run->options.data);
    table_open(&table, 6,
               (const char *const[]){what, "published", "reference", "yours", "verdict",
                                     "maximum over epochs"});
    for (int m = 0; m < METHODS; ++m)
        emit_method(study, &table, comparison, (enum method)m);
    for (size_t a = 0; a < ARMS; ++a) {
        const struct gain *gain = &comparison->pretraining[a];
        snprintf(what, sizeof what, "finetuning minus from scratch, %d heads",
                 study->arms[a].recipe.shape.encoder_heads);
        snprintf(key, sizeof key, "%s.finetuned-over-scratch", study->arms[a].name);
        emit_line(run, &table, what, key, NULL, gain->points, study->test.count,
                  (double)NAN);
        emit_mcnemar(run, key, &gain->mcnemar);
    }

    captions(below, study);
    run_table(run, "table2.md", "", &table, below);
    table_close(&table);
}

// ====== Arrays ======

void export_answers(const struct study *study)
{
    const size_t n = study->test.count;
    run_array(study->run, "labels", NPY_U1, 1, &n, study->test.labels);
    for (const struct arm *arm = study->arms; arm < study->arms + ARMS; ++arm)
        for (int m = 0; m < METHODS; ++m) {
            const size_t shape[2] = {arm->by[m].seeds, n};
            char name[64];
            snprintf(name, sizeof name, "%s-%s", arm->name, method_key[m]);
            run_array(study->run, name, NPY_U1, 2, shape, arm->by[m].predicted);
        }
}
