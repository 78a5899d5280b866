#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/base/tsv.h"
#include "core/report/figure.h"
#include "core/report/run_files.h"
#include "core/report/shipped.h"
#include "core/study/results.h"
#include "core/train/pretrained.h"
#include "experiments/11-learning/learning.h"

void learner_log(struct learner *learner, const struct study *study)
{
    const struct run *run = &study->run;
    const struct safetensors *file = &learner->model->file;
    const char *trained = safetensors_trained(file);
    char path[PATH_SIZE];
    path_format(path, "%s/runs/%s/log.tsv", run->root, learner->recipe->run);
    if (shipped_path(run, file->path)) {
        path_format(path, "%s/%s.log.tsv", run->checkpoints, learner->recipe->run);
        shipped_check(NULL, path);
    }
    train_log_find(&learner->log, path);
    const size_t lines = learner->log.count;
    if (lines > 0 && strcmp(learner->log.line[lines - 1].weights_sha256, trained) != 0)
        train_log_close(&learner->log);
}

void emit_losses(struct study *study, const struct learner learner[LEARNERS])
{
    struct run *run = &study->run;
    struct table table;
    char cell[3][NUMBER_TEXT], mask[16], epochs[NUMBER_TEXT], last[NUMBER_TEXT];
    table_open(&table, 8,
               (const char *const[]){"model", "mask", "epochs", "arithmetic",
                                     "loss of the last epoch", "masked loss",
                                     "of the linear predictor", "linear minus model"});
    for (const struct learner *l = learner; l < learner + LEARNERS; ++l) {
        const char *name = l->recipe->run,
                   *arithmetic = safetensors_metadata(&l->model->file, "arithmetic");
        const size_t lines = l->log.count;
        snprintf(mask, sizeof mask, "%.0f %%", 100 * l->recipe->mask_ratio);
        number_text(epochs, pretrained_number(l->model, "epochs"));
        snprintf(last, sizeof last, "-");
        if (lines > 0)
            put_number(run, last, l->log.line[lines - 1].loss, 0, "[-1,1]^2",
                       "%s.training-loss", name);
        put_estimate(run, cell[0], l->loss, "[-1,1]^2", "%s.loss", name);
        put_estimate(run, cell[1], l->linear, "[-1,1]^2", "%s.linear-loss", name);
        put_estimate(run, cell[2], l->lead, "[-1,1]^2", "%s.lead", name);
        table_row(&table, (const char *const[]){name, mask, epochs,
                                                arithmetic ? arithmetic : "-", last,
                                                cell[0], cell[1], cell[2]});
    }
    char below[256];
    snprintf(
        below, sizeof below,
        "Squared error of hidden pixels in [-1,1], after the last epoch on the first "
        "%zu test images, with 90 %% bootstrap intervals over these; the last "
        "epoch's loss is of training images.\n",
        learner->loss.n);
    run_table(run, "learning.md", "", &table, below);
    table_close(&table);
}

// The longest log.
static size_t epochs_drawn(const struct learner learner[LEARNERS])
{
    size_t most = 0;
    for (size_t m = 0; m < LEARNERS; ++m)
        if (learner[m].log.count > most) most = learner[m].log.count;
    return most;
}

void emit_learning(struct study *study, const struct learner learner[LEARNERS])
{
    struct run *run = &study->run;
    struct output output;
    char path[PATH_SIZE], caption[512];
    const size_t lines = epochs_drawn(learner);
    if (lines == 0) return;
    run_path(path, run, "learning.tsv");
    output_open(&output, path);
    for (size_t m = 0; m < LEARNERS; ++m)
        fprintf(output.file, "%s epoch\t%s\tlinear %s%c", learner[m].recipe->run,
                learner[m].recipe->run, learner[m].recipe->run,
                m + 1 < LEARNERS ? '\t' : '\n');
    for (size_t i = 0; i < lines; ++i)
        for (size_t m = 0; m < LEARNERS; ++m) {
            const struct train_log *log = &learner[m].log;
            const int there = i < log->count;
            tsv_put_number(output.file, there ? log->line[i].epoch : (double)NAN, '\t');
            tsv_put_number(output.file, there ? log->line[i].loss : (double)NAN, '\t');
            tsv_put_number(output.file, learner[m].linear.value,
                           m + 1 < LEARNERS ? '\t' : '\n');
        }
    output_close(&output);
    snprintf(
        caption, sizeof caption,
        "Masked loss of each epoch of the pretrainings on %s, mean over its updates; "
        "dashed: the best linear predictor on the first %zu test images; %s",
        run->options.data, learner->loss.n, study->scale);
    figure_draw(run, "learning", "learning", caption, NULL);
}
