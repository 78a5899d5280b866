#include <math.h>
#include <stdio.h>

#include "core/report/run_files.h"
#include "core/study/results.h"
#include "experiments/05-heads/heads.h"

// A line and its number. `best`: the maximum over epochs in percent, or NAN.
static void emit_row(struct run *run, struct table *table, const char *what,
                     const char *id, const char *key, const struct estimate *ours,
                     double best)
{
    char maximum[NUMBER_TEXT];
    put_estimate(run, NULL, *ours, "%", "%s", key);
    number_text(maximum, best);
    claim_row(table, run, what, id, ours, maximum);
}

static void emit_gain(struct run *run, struct table *table, const char *what,
                      const char *id, const char *key, const struct gain *gain)
{
    const struct mcnemar *mcnemar = &gain->mcnemar;
    emit_row(run, table, what, id, key, &gain->points, (double)NAN);
    put_number(run, NULL, (double)(mcnemar->first_only + mcnemar->second_only), 0,
               "images", "%s.discordant", key);
    put_number(run, NULL, mcnemar->mid_p, 0, "1", "%s.mcnemar-mid-p", key);
}

static void emit_method(const struct heads *heads, struct table *table, int m)
{
    struct run *run = &heads->study->run;
    const struct method *method = &methods[m];
    char what[96], key[64];
    for (size_t model = 0; model < MODELS; ++model) {
        const struct answers *answers = &heads->answers[model][m];
        snprintf(what, sizeof what, "%s, %d heads", method->name,
                 heads->recipe[model].shape.encoder_heads);
        snprintf(key, sizeof key, "%s.%s", heads->recipe[model].run, method->key);
        emit_row(run, table, what, method->accuracy[model], key, &answers->accuracy,
                 answers->best);
        put_number(run, NULL, answers->best, answers->images, "%", "%s.best", key);
    }
    snprintf(what, sizeof what, "%s, 6 heads minus 3", method->name);
    snprintf(key, sizeof key, "heads.%s", method->key);
    emit_gain(run, table, what, method->difference, key, &heads->difference[m]);
}

// How much training the numbers rest on, under the table.
static void captions(char *text, size_t size, const struct heads *heads)
{
    size_t used = 0;
    for (int m = 0; m < METHODS; ++m) {
        char scale[STUDY_SCALE];
        heads_describe(scale, heads, m);
        used += (size_t)snprintf(text + used, size - used, "%s: %s, %zu test images.\n",
                                 methods[m].name, scale,
                                 heads->study->images[SPLIT_TEST].count);
    }
    snprintf(
        text + used, size - used,
        "Measured is after the last epoch, with 90 %% bootstrap intervals over test "
        "images, given these weights. The maximum over epochs is chosen on the test "
        "images, as the public code does, so it is optimistic; it is of the training, "
        "before weights that are shipped were rounded.\n");
}

void heads_emit(const struct heads *heads)
{
    struct run *run = &heads->study->run;
    struct table table;
    char key[64], what[96], below[METHODS * (STUDY_SCALE + 96) + 512];
    snprintf(what, sizeof what, "Table 2, accuracy in percent, %s", run->options.data);
    table_open(&table, 5,
               (const char *const[]){what, "published", "measured", "verdict",
                                     "maximum over epochs"});
    for (int m = 0; m < METHODS; ++m) emit_method(heads, &table, m);
    for (size_t model = 0; model < MODELS; ++model) {
        snprintf(what, sizeof what, "finetuning minus from scratch, %d heads",
                 heads->recipe[model].shape.encoder_heads);
        snprintf(key, sizeof key, "%s.finetuned-over-scratch",
                 heads->recipe[model].run);
        emit_gain(run, &table, what, NULL, key, &heads->pretraining[model]);
    }
    emit_gain(run, &table, "finetuning minus linear probe, 3 heads", "section5.2.gap",
              "m75-h3.finetuned-over-lp", &heads->gap);
    captions(below, sizeof below, heads);
    run_table(run, "table2.md", "", &table, below);
    table_close(&table);
}

void heads_export(const struct heads *heads)
{
    const struct run *run = &heads->study->run;
    const struct images *test = &heads->study->images[SPLIT_TEST];
    run_classes(run, "labels", 1, &test->count, test->labels);
    for (size_t model = 0; model < MODELS; ++model)
        for (int m = 0; m < METHODS; ++m) {
            const struct answers *answers = &heads->answers[model][m];
            const size_t shape[2] = {answers->seeds, answers->images};
            char name[64];
            snprintf(name, sizeof name, "%s-%s", heads->recipe[model].run,
                     methods[m].key);
            run_classes(run, name, 2, shape, answers->predicted);
        }
}
