#include "core/study/results.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/base/die.h"
#include "core/study/judgement.h"

enum { KEY_TEXT = sizeof((struct result *)0)->key };

static void put(struct run *run, char *cell, struct estimate found, const char *unit,
                const char *format, va_list arguments)
{
    char key[KEY_TEXT];
    const int length = vsnprintf(key, sizeof key, format, arguments);
    require(length > 0 && length < KEY_TEXT, "the key '%s' is too long", key);
    run_result(run, key, found.value, found.low, found.high, found.n, unit);
    if (cell) interval_text(cell, found.value, found.low, found.high);
}

void put_estimate(struct run *run, char *cell, struct estimate found, const char *unit,
                  const char *key, ...)
{
    va_list arguments;
    va_start(arguments, key);
    put(run, cell, found, unit, key, arguments);
    va_end(arguments);
}

void put_number(struct run *run, char *cell, double value, size_t n, const char *unit,
                const char *key, ...)
{
    const struct estimate number = {value, (double)NAN, (double)NAN, n};
    va_list arguments;
    va_start(arguments, key);
    put(run, cell, number, unit, key, arguments);
    va_end(arguments);
}

void claim_row(struct table *table, const struct run *run, const char *what,
               const char *id, const struct estimate *ours, const char *more)
{
    char yours[NUMBER_TEXT] = "-", verdict[VERDICT_TEXT] = "-";
    const char *published = "-";
    if (ours) interval_text(yours, ours->value, ours->low, ours->high);
    if (id) {
        const struct claim claim = run_claim(run, id);
        if (!ours || !other_images(run, id)) published = claim_published(&claim);
        require(run_recorded(run, id), "%s is shown before it is judged", id);
        run_verdict_of(verdict, run, id);
    }
    require(table->columns == (more ? 5 : 4), "a claim's row in a table of %zu columns",
            table->columns);
    table_row(table, (const char *const[]){what, published, yours, verdict, more});
}
