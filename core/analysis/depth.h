/// Where in an encoder tokens are taken, as a share of its depth, so that encoders of different
/// depths compare.
#ifndef MASKBOOK_ANALYSIS_DEPTH_H
#define MASKBOOK_ANALYSIS_DEPTH_H

enum depth {
    DEPTH_EMBEDDING,
    DEPTH_QUARTER,
    DEPTH_HALF,
    DEPTH_THREE_QUARTERS,
    DEPTH_LAST, ///< after the last block
    DEPTH_NORM, ///< after the final norm: the encoder's output
    DEPTHS
};

/// "final norm", say; static storage.
const char *depth_name(enum depth depth);

/// The layer of mae_encode in an encoder of so many blocks, rounded down: 0 the embedding, -1 the
/// final norm.
int depth_layer(enum depth depth, int blocks);

#endif
