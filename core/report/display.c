#include "core/report/display.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/memory.h"
#include "core/report/table.h"

// The states, in the order of the counts at the end: the verdicts, then what is none.
enum { VERDICTS = VERDICT_NOT_RUN + 1, STALE = VERDICTS, ERROR, STATES };
enum { REASON_WIDTH = 72, VERDICT_WIDTH = 17 };

static const char *state_name(size_t state)
{
    if (state < VERDICTS) return verdict_name((enum verdict)state);
    return state == STALE ? "STALE" : "ERROR";
}

static const char *state_colour(const char *name)
{
    static const char *const colours[STATES] = {[VERDICT_REPRODUCED] = "32",
                                                [VERDICT_REPRODUCED_SCALED] = "32",
                                                [VERDICT_TREND_ONLY] = "36",
                                                [VERDICT_INCONCLUSIVE] = "33",
                                                [VERDICT_NOT_REPRODUCED] = "31",
                                                [VERDICT_REFUTED] = "35",
                                                [VERDICT_NOT_RUN] = "2",
                                                [STALE] = "33",
                                                [ERROR] = "1;31"};
    for (size_t s = 0; s < STATES; ++s)
        if (!strcmp(state_name(s), name) && colours[s]) return colours[s];
    return "0";
}

static void ours_text(char text[NUMBER_TEXT], const struct ledger_row *row)
{
    interval_text(text, row->estimate.value, row->estimate.low, row->estimate.high);
}

// What a number is of, and its unit where that does not say it, as "slope of accuracy, points";
// empty where there is no number. The caller frees.
static char *quantity_text(const struct ledger_row *row)
{
    const struct claim *claim = &row->claim;
    if (!isfinite(row->estimate.value)) return text_copy("");
    return strcmp(claim->unit, "1") == 0 || strstr(claim->quantity, claim->unit)
               ? text_copy(claim->quantity)
               : text_format("%s, %s", claim->quantity, claim->unit);
}

// "NOT-RUN(reason)", or the state alone if its reason is only a remark. The caller frees.
static char *verdict_text(const struct ledger_row *row)
{
    if (*row->reason && (!strcmp(row->state, verdict_name(VERDICT_NOT_RUN)) ||
                         verdict_find(row->state) < 0))
        return text_format("%s(%s)", row->state, row->reason);
    return text_copy(row->state);
}

// The length of a beginning of `text`, at most `most` bytes, that ends within no UTF-8 character
// and, if possible, within no word.
static int cut_length(const char *text, size_t most)
{
    size_t length = strlen(text);
    if (length <= most) return (int)length;
    for (length = most; length > most / 2; --length)
        if (text[length] == ' ') return (int)length;
    for (length = most; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80;)
        --length;
    return (int)length;
}

// Prints one claim on a line whose columns are the same in every group.
static void print_row(const struct ledger_row *row, int id_width, FILE *file,
                      int colours)
{
    char ours[NUMBER_TEXT];
    ours_text(ours, row);
    char *verdict = verdict_text(row);
    size_t name = strlen(row->state);
    const char *published = claim_published(&row->claim);
    fprintf(file, "  %-*s  %-22.*s  %-29s  ", id_width, row->claim.id,
            cut_length(published, 22), published, ours);
    if (colours) fprintf(file, "\033[%sm", state_colour(row->state));
    fprintf(file, "%.*s", (int)name, verdict);
    if (colours) fputs("\033[0m", file);
    int rest = cut_length(verdict + name, REASON_WIDTH);
    fprintf(file, "%.*s%s", rest, verdict + name,
            verdict[name + (size_t)rest] ? "..." : "");
    char *quantity = quantity_text(row);
    if (*quantity)
        fprintf(file, "%*s  %.*s", VERDICT_WIDTH - cut_length(verdict, VERDICT_WIDTH),
                "", cut_length(quantity, REASON_WIDTH), quantity);
    putc('\n', file);
    free(quantity);
    free(verdict);
}

// Prints how many claims, or subtractions, are in each state: ": 1 REPRODUCED, 2 NOT-RUN". Returns
// the sum.
static size_t print_states(const struct ledger *ledger, int arithmetic, FILE *file)
{
    const char *separator = ": ";
    size_t sum = 0;
    for (size_t s = 0; s < STATES; ++s) {
        size_t count = 0;
        for (size_t i = 0; i < ledger->count; ++i)
            count += claim_is_arithmetic(&ledger->rows[i].claim) == arithmetic &&
                     !strcmp(ledger->rows[i].state, state_name(s));
        if (!count) continue;
        fprintf(file, "%s%zu %s", separator, count, state_name(s));
        separator = ", ";
        sum += count;
    }
    return sum;
}

// Prints the counts at the end, on one line.
static void print_counts(const struct ledger *ledger, FILE *file)
{
    const size_t subtractions = ledger_arithmetic(ledger);
    fprintf(file, "%zu claims", ledger->count - subtractions);
    size_t sum = print_states(ledger, 0, file);
    if (subtractions > 0) {
        fprintf(file, "; %zu subtractions of printed numbers", subtractions);
        sum += print_states(ledger, 1, file);
    }
    putc('\n', file);
    require(sum == ledger->count, "%zu of %zu rows have a state that is counted", sum,
            ledger->count);
}

// True for the first row of a target.
static int is_first(const struct ledger *ledger, size_t row)
{
    for (size_t i = 0; i < row; ++i)
        if (!strcmp(ledger->rows[i].claim.target, ledger->rows[row].claim.target))
            return 0;
    return 1;
}

void ledger_print(const struct ledger *ledger, FILE *file, int colours)
{
    int id_width = 0;
    for (size_t i = 0; i < ledger->count; ++i) {
        int width = (int)strlen(ledger->rows[i].claim.id);
        if (width > id_width) id_width = width;
    }
    for (size_t i = 0; i < ledger->count; ++i) {
        if (!is_first(ledger, i)) continue;
        const char *target = ledger->rows[i].claim.target;
        if (!i)
            fprintf(file, "  %-*s  %-22s  %-29s  %-*s  of what\n", id_width, "claim",
                    "published", "ours", VERDICT_WIDTH, "verdict");
        fprintf(file, "\n%s\n", target);
        for (size_t j = i; j < ledger->count; ++j)
            if (!strcmp(ledger->rows[j].claim.target, target))
                print_row(&ledger->rows[j], id_width, file, colours);
    }
    putc('\n', file);
    print_counts(ledger, file);
}

void ledger_markdown(const struct ledger *ledger, FILE *file)
{
    struct table table;
    table_open(&table, 7,
               (const char *const[]){"claim", "place", "statement", "printed", "ours",
                                     "of what", "verdict"});
    for (size_t i = 0; i < ledger->count; ++i) {
        const struct ledger_row *row = &ledger->rows[i];
        char ours[NUMBER_TEXT];
        ours_text(ours, row);
        char *verdict = verdict_text(row), *quantity = quantity_text(row);
        table_row(&table, (const char *const[]){
                              row->claim.id, row->claim.place, row->claim.statement,
                              claim_published(&row->claim), ours, quantity, verdict});
        free(quantity);
        free(verdict);
    }
    table_markdown(&table, file);
    table_close(&table);
    putc('\n', file);
    print_counts(ledger, file);
}
