#include "core/report/claims.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/number.h"

// The kinds of claim: whether a row needs a margin, and a printed number.
static const struct {
    const char *name;
    int needs_margin, needs_number;
} kinds[] = {{"exact", 0, 0},       {"arithmetic", 0, 1}, {"numeric", 1, 1},
             {"identity", 1, 0},    {"ordering", 0, 0},   {"trend", 0, 0},
             {"equivalence", 1, 0}, {"partition", 1, 0}};

static const char *const origins[] = {"paper", "corrected", "added"};
static const char *const datas[] = {"none", "any", "cifar10", "planted", "imagenet"};

// Dies naming the row unless the cell is one of the `known` words.
static void check_known(const struct tsv *table, size_t row, const char *column,
                        const char *const *known, size_t count)
{
    const char *cell = tsv_cell(table, row, column);
    for (size_t i = 0; i < count; ++i)
        if (!strcmp(cell, known[i])) return;
    die(EXIT_INPUT, "%s: %s: unknown %s '%s'", table->path, tsv_cell(table, row, "id"),
        column, cell);
}

// The number in a cell, not negative; `missing` if the cell is empty.
static double optional_number(const struct tsv *table, size_t row, const char *column,
                              double missing)
{
    const char *cell = tsv_cell(table, row, column);
    double value = missing;
    if (*cell && (!number_scan(&value, cell) || value < 0))
        die(EXIT_INPUT, "%s: %s: %s '%s' is not a number >= 0", table->path,
            tsv_cell(table, row, "id"), column, cell);
    return value;
}

static void check_kind(const struct tsv *table, size_t row)
{
    const char *id = tsv_cell(table, row, "id"), *kind = tsv_cell(table, row, "kind");
    double value, half;
    size_t k = 0, count = sizeof kinds / sizeof *kinds;
    while (k < count && strcmp(kinds[k].name, kind)) ++k;
    if (k == count) die(EXIT_INPUT, "%s: %s: unknown kind '%s'", table->path, id, kind);
    double margin = optional_number(table, row, "margin", NAN);
    if (kinds[k].needs_margin && isnan(margin))
        die(EXIT_INPUT, "%s: %s: a claim of kind %s needs a margin", table->path, id,
            kind);
    if (!isnan(margin) && !*tsv_cell(table, row, "margin_source"))
        die(EXIT_INPUT, "%s: %s: the margin has no source", table->path, id);
    const char *printed = tsv_cell(table, row, "printed");
    if ((*printed || kinds[k].needs_number) && !printed_parse(&value, &half, printed))
        die(EXIT_INPUT, "%s: %s: printed '%s' is not one number", table->path, id,
            printed);
}

// What the paper does not say was printed nowhere.
static void check_origin(const struct tsv *table, size_t row)
{
    check_known(table, row, "origin", origins, sizeof origins / sizeof *origins);
    if (!strcmp(tsv_cell(table, row, "origin"), "paper")) return;
    if (*tsv_cell(table, row, "printed") || *tsv_cell(table, row, "wording"))
        die(EXIT_INPUT, "%s: %s: is not of the paper, yet printed '%s%s'", table->path,
            tsv_cell(table, row, "id"), tsv_cell(table, row, "printed"),
            tsv_cell(table, row, "wording"));
}

static void check_row(const struct tsv *table, size_t row)
{
    static const char *const filled[] = {"id",   "place",  "statement", "quantity",
                                         "unit", "target", "experiment"};
    static const char *const tiers[] = {"smoke", "desk", "paper"};
    for (size_t i = 0; i < sizeof filled / sizeof *filled; ++i)
        if (!*tsv_cell(table, row, filled[i]))
            die(EXIT_INPUT, "%s: row %zu: no %s", table->path, row + 1, filled[i]);
    const char *id = tsv_cell(table, row, "id");
    if (tsv_row(table, "id", id) != (long)row)
        die(EXIT_INPUT, "%s: %s: comes twice", table->path, id);
    check_known(table, row, "data", datas, sizeof datas / sizeof *datas);
    check_known(table, row, "tier", tiers, sizeof tiers / sizeof *tiers);
    optional_number(table, row, "effect", 0);
    check_origin(table, row);
    check_kind(table, row);
}

void claims_read(struct claims *claims, const char *path)
{
    if (!file_exists(path))
        die(EXIT_INPUT, "%s: is not there (run from the folder of the Makefile)", path);
    tsv_read(&claims->table, path);
    claims->count = claims->table.rows;
    for (size_t row = 0; row < claims->count; ++row) check_row(&claims->table, row);
}

void claims_free(struct claims *claims)
{
    tsv_free(&claims->table);
    claims->count = 0;
}

struct claim claims_row(const struct claims *claims, size_t row)
{
    const struct tsv *t = &claims->table;
    return (struct claim){
        .id = tsv_cell(t, row, "id"),
        .place = tsv_cell(t, row, "place"),
        .statement = tsv_cell(t, row, "statement"),
        .origin = tsv_cell(t, row, "origin"),
        .printed = tsv_cell(t, row, "printed"),
        .wording = tsv_cell(t, row, "wording"),
        .quantity = tsv_cell(t, row, "quantity"),
        .unit = tsv_cell(t, row, "unit"),
        .kind = tsv_cell(t, row, "kind"),
        .margin_source = tsv_cell(t, row, "margin_source"),
        .data = tsv_cell(t, row, "data"),
        .tier = tsv_cell(t, row, "tier"),
        .target = tsv_cell(t, row, "target"),
        .experiment = tsv_cell(t, row, "experiment"),
        .effect = optional_number(t, row, "effect", 0),
        .margin = optional_number(t, row, "margin", NAN),
    };
}

// Copies the number at the beginning of `text`, without thousands separators; *rest is what
// follows. Returns the number of digits after the point, or -1 if there is no number.
static int copy_number(char *number, size_t size, const char *text, const char **rest)
{
    size_t used = 0;
    int point = 0, decimals = 0, digits = 0;
    if (*text == '+' || *text == '-') number[used++] = *text++;
    for (; used + 1 < size; ++text) {
        if (isdigit((unsigned char)*text))
            ++digits, decimals += point;
        else if (*text == '.' && !point && digits)
            point = 1;
        else if (*text == ',' && !point && digits && isdigit((unsigned char)text[1]))
            continue;
        else
            break;
        number[used++] = *text;
    }
    number[used] = 0;
    *rest = text;
    return digits && (!point || decimals) ? decimals : -1;
}

// True for an empty text or a unit: a per cent sign or words, after an optional space.
static int is_unit(const char *text)
{
    text += *text == ' ';
    if (!strcmp(text, "%")) return 1;
    for (; *text; ++text)
        if (!isalpha((unsigned char)*text) && *text != ' ') return 0;
    return 1;
}

int printed_parse(double *value, double *half, const char *text)
{
    char number[64];
    const char *rest;
    long exponent = 0;
    int decimals = copy_number(number, sizeof number - 8, text, &rest);
    if (decimals < 0) return 0;
    if ((*rest == 'e' || *rest == 'E') && rest[1] && strchr("+-0123456789", rest[1])) {
        char *end;
        exponent = strtol(rest + 1, &end, 10);
        if (end == rest + 1 || exponent > 300 || exponent < -300) return 0;
        rest = end;
    }
    if (!is_unit(rest)) return 0;
    char all[96];
    snprintf(all, sizeof all, "%se%ld", *number == '+' ? number + 1 : number, exponent);
    if (!number_scan(value, all)) return 0;
    *half = .5 * pow(10., (double)(exponent - decimals));
    return 1;
}

void claims_digest(char digest[HASH_HEX], const struct claims *claims,
                   const char *experiment)
{
    static const char *const columns[] = {"id",     "printed", "effect", "kind",
                                          "margin", "data",    "tier"};
    struct hash hash;
    const struct tsv *table = &claims->table;
    hash_open(&hash);
    for (size_t row = 0; row < table->rows; ++row)
        if (!strcmp(tsv_cell(table, row, "experiment"), experiment))
            for (size_t c = 0; c < sizeof columns / sizeof *columns; ++c) {
                const char *cell = tsv_cell(table, row, columns[c]);
                hash_add(&hash, cell, strlen(cell) + 1);
            }
    hash_close(digest, &hash);
}

const char *claim_excluded(const struct claim *claim, enum tier tier, const char *data)
{
    if (!strcmp(claim->data, "none")) return NULL;
    if (!strcmp(claim->data, "imagenet") && strcmp(data, "imagefolder"))
        return "imagenet";
    if (!strcmp(claim->data, "cifar10") && strcmp(data, "cifar10"))
        return REASON_NO_DATA;
    if (!strcmp(claim->data, "planted") && strcmp(data, "planted"))
        return "planted scenes only";
    if (!strcmp(claim->tier, "paper") && tier != TIER_PAPER) return "paper tier";
    return NULL;
}

const char *claim_published(const struct claim *claim)
{
    if (*claim->printed) return claim->printed;
    return *claim->wording ? claim->wording : "-";
}

int claim_is_arithmetic(const struct claim *claim)
{
    return !strcmp(claim->kind, "arithmetic");
}
