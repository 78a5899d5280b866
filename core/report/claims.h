/// The table of the paper's claims, paper/claims.tsv. It states, before there are results, what the
/// paper printed, what kind of test decides, and with which margin.
#ifndef MASKBOOK_REPORT_CLAIMS_H
#define MASKBOOK_REPORT_CLAIMS_H

#include <stddef.h>

#include "core/base/hash.h"
#include "core/base/tsv.h"
#include "core/report/tier.h"

/// A row of paper/claims.tsv; strings point into the table.
struct claim {
    const char *id, *place, *statement, *kind, *margin_source, *data, *tier, *target,
        *experiment;
    /// "paper", "corrected" or "added"; what the last two say was printed nowhere.
    const char *origin;
    /// One number as the paper prints it, and what it has there otherwise: words, symbols, a kind
    /// of picture. "" where there is none.
    const char *printed, *wording;
    const char *quantity, *unit; ///< what the estimate is, and its unit ("1": none)
    /// The effect e that a measurement is compared with: as printed, or where nothing is printed as
    /// `margin_source` fixes it; 0 if none.
    double effect;
    double margin; ///< NAN when the kind needs none
};

/// True for a subtraction of printed numbers (kind arithmetic): it says nothing about the paper's
/// method and is counted apart from what was reproduced.
int claim_is_arithmetic(const struct claim *claim);

struct claims {
    struct tsv table;
    size_t count;
};

/// Reads and checks the table: ids are unique; origins, kinds, data and tiers are known; every row
/// says what its estimate is and in which unit; kinds that need a margin have one, with its source;
/// effects and margins are not negative; `printed` is one number or empty, a number where the kind
/// is numeric or arithmetic, and empty, as `wording` is, where the origin is not the paper. Dies
/// (EXIT_INPUT), naming the row, otherwise.
void claims_read(struct claims *claims, const char *path);
void claims_free(struct claims *claims);
struct claim claims_row(const struct claims *claims, size_t row);

/// What a table shows as published: the printed number, else the wording, else "-".
const char *claim_published(const struct claim *claim);

/// digest (HASH_HEX) = SHA-256 of the columns that decide verdicts, in the rows of `experiment`: a
/// changed margin makes a result stale, a reworded statement does not.
void claims_digest(char digest[HASH_HEX], const struct claims *claims,
                   const char *experiment);

/// *value = a number as printed ("83.6", "+12.2", "-0.5 points", "64.4 %", "7,212,684", "1e-9");
/// *half = half the unit of its last digit (0.05 for "83.6", 0.5 for a whole number), the most by
/// which rounding changed it. Returns 0 if the text is not one number, optionally followed by a
/// unit.
int printed_parse(double *value, double *half, const char *text);

/// How the reasons begin of claims that were not run for want of weights or data, which says
/// nothing about the claims: ledger_compare knows them by these words, and so does tools/weave.
#define REASON_NO_WEIGHTS "no weights"
#define REASON_NO_DATA    "no data"

/// Why a claim cannot be judged at this tier on this data, for any result: "imagenet",
/// REASON_NO_DATA, "planted scenes only" (what is claimed is known of them alone) or "paper tier"
/// (a claim of the paper tier at another tier); NULL if it can. Static storage.
const char *claim_excluded(const struct claim *claim, enum tier tier, const char *data);

#endif
