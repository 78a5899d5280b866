/// What Table 2 leaves behind: its numbers as results, the table as the paper prints it, and on demand
/// every answer.
#ifndef MASKBOOK_EXPERIMENTS_HEADS_EMIT_H
#define MASKBOOK_EXPERIMENTS_HEADS_EMIT_H

#include "core/report/record.h"
#include "core/stats/mcnemar.h"
#include "experiments/05-heads/arms.h"

enum { SCALE_TEXT = 224 };

/// What the study found beside each arm's accuracies.
struct comparison {
    struct gain heads[METHODS];    ///< six heads minus three
    struct gain pretraining[ARMS]; ///< finetuned minus from scratch
};

/// scale (SCALE_TEXT) = how much training stands behind a method's numbers.
void describe_scale(char scale[SCALE_TEXT], const struct study *study,
                    enum method method);

/// The claim of an accuracy, "table2.lp-h3", and of a difference of heads, "table2.lp-heads"; NULL
/// for training from scratch, which the paper has not.
const char *claim_of_accuracy(size_t arm, enum method method);
const char *claim_of_heads(enum method method);

/// The table: published, reference, yours, verdict; result.tsv, stdout, table2.md.
void emit_table(const struct study *study, const struct comparison *comparison);

/// export/labels.npy (n) and export/RUN-METHOD.npy (S,n), uint8: the label of each test image, and what
/// each seed answered.
void export_answers(const struct study *study);

#endif
