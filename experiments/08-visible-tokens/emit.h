/// The results of Lemma 4.6's experiment: numbers, tables, picture and arrays.
#ifndef MASKBOOK_EXPERIMENTS_VISIBLE_TOKENS_EMIT_H
#define MASKBOOK_EXPERIMENTS_VISIBLE_TOKENS_EMIT_H

#include "experiments/08-visible-tokens/tokens.h"

/// What was measured; filled by main.c.
struct measured {
    size_t images;
    struct estimate own[SPACES], other[SPACES], lead[SPACES]; ///< spans
    struct estimate
        outputs; ///< share of visible patches that the model's outputs explain
    struct estimate guesses; ///< the same of hidden patches, which no token has seen
    struct estimate colours; ///< and of visible patches by their own mean colours
    struct estimate mapped, mapped_other; ///< after a linear map: own, another image's
    size_t blocks;
    int causes; ///< of attention: fewer than CAUSES where the true regions are not known
    struct estimate partial[SHAPE_BLOCKS][CAUSES], plain[SHAPE_BLOCKS][CAUSES];
    struct estimate cosine[COMBINATIONS][LAMBDAS];
};

/// result.tsv, spans.md, attention.md, norms.md.
void emit_measured(struct study *study, const struct measured *measured,
                   const struct tokens *tokens);

/// lemma4.6.tsv and the picture drawn from it.
void emit_picture(struct study *study, const struct measured *measured);

/// The first images' arrays, from which tests/golden/check_visible_tokens.py computes spans,
/// partial correlations and cosines again.
void export_tokens(struct study *study, const struct tokens *tokens);

#endif
