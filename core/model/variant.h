/// What a masked autoencoder may have in the place of the paper's layers, one at a time, to see
/// what its features owe to each: the controls of Remark 4.7 and of Sec. 5.3.
#ifndef MASKBOOK_MODEL_VARIANT_H
#define MASKBOOK_MODEL_VARIANT_H

/// What comes before a block's attention and perceptron (core/model/norm.h).
enum norm {
    NORM_LAYER, ///< layer normalisation, the paper's
    NORM_NONE,  ///< the affine map alone
    NORM_BATCH  ///< batch normalisation over the tokens of an image
};

/// The weight W (T,T) that mixes tokens (Def. 3.2), in each head.
enum mixing {
    MIXING_ATTENTION, ///< softmax(Q K^T / sqrt(d)), the paper's
    MIXING_IDENTITY   ///< I: a token's own value
};

/// A block's layers; zeros are the paper's.
struct block_kind {
    enum norm norm;
    enum mixing mixing;
};

/// A model's; zeros are the paper's.
struct mae_variant {
    enum norm
        decoder_norm; ///< of the decoder's blocks; the encoder's keep layer normalisation
    enum mixing mixing; ///< of all blocks
};

/// "layer", "none", "batch"; static storage.
const char *norm_name(enum norm norm);

/// "attention", "identity"; static storage.
const char *mixing_name(enum mixing mixing);

/// *norm, *mixing = what the word names. Returns 0 for any other word, else 1.
int norm_find(enum norm *norm, const char *name);
int mixing_find(enum mixing *mixing, const char *name);

#endif
