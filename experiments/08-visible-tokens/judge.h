/// What is claimed of visible and hidden tokens, measured on a model's and judged.
#ifndef MASKBOOK_EXPERIMENTS_VISIBLE_TOKENS_JUDGE_H
#define MASKBOOK_EXPERIMENTS_VISIBLE_TOKENS_JUDGE_H

#include "experiments/08-visible-tokens/emit.h"

/// Judges assumption4.5: the share of hidden tokens in the span of their image's visible ones,
/// minus that in another image's.
void judge_spans(struct measured *measured, struct study *study,
                 const struct tokens *tokens);

/// Judges eq17, what the outputs at visible places explain of the patches there, and
/// eq17.corrected, what a linear map of the token explains, minus that of another image's token.
void judge_contents(struct measured *measured, struct study *study,
                    const struct tokens *tokens);

/// Judges lemma4.6.conclusion: in every block the partial correlation of attention with similarity
/// and its lead over that with nearness reach half the claim's effect.
void judge_attention(struct measured *measured, struct study *study,
                     const struct tokens *tokens);

#endif
