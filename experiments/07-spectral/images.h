// The counter-examples of the proof and of Eqs. 9 and 10 as they are found on test images.
#ifndef MASKBOOK_SPECTRAL_IMAGES_H
#define MASKBOOK_SPECTRAL_IMAGES_H

#include "core/analysis/hidden_rows.h"

enum found {
    FOUND_SKEW, // |U_A^T U_A - I| / sqrt(N0), U_A = D^{-1/2} U D^{1/2}: 0 if orthonormal
    FOUND_MINIMISER, // |D^{-1/2} [X]_5 - [D^{-1/2} X]_5| / |[D^{-1/2} X]_5|: 0 if Eq. 8 followed
    FOUND_TRACE,   // of the normalised adjacency
    FOUND_SECOND,  // its second eigenvalue
    FOUND_PRINTED, // |Eq. 10 as printed - L_spec| / L_spec
    FOUND_NEGATIVES, // the same of u+ and u- from the more and the less similar half of the pairs
    FOUND_BRIGHTEST, // share of patches whose most similar patch is the one of largest norm
    FOUNDS
};

// What each is, for a table; static storage.
const char *found_name(enum found found);

// values (FOUNDS,n) of the images whose degrees are all positive, pixels in [0,1]; returns how many
// these are, the first columns of each row. Dies (EXIT_SYSTEM) when a decomposition does not
// converge.
size_t images_measure(double *values, const struct hidden_rows *rows,
                      struct arena *arena);

#endif
