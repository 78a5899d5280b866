#include "core/report/need.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"
#include "core/report/claims.h"
#include "core/report/store.h"

/// Ends the run with its claims NOT-RUN, but for those that needed no weights and have a verdict.
static _Noreturn void end_not_run(struct run *run, const char *reason)
{
    run_note(run, "not run", reason, 1);
    if (run_fresh(run)) exit(run_print(run));
    const struct claims *claims = store_claims(run->store);
    for (size_t i = 0; i < claims->count; ++i) {
        struct claim claim = claims_row(claims, i);
        if (!strcmp(claim.experiment, run->name) && !run_judged(run, claim.id))
            run_verdict(run, claim.id, VERDICT_NOT_RUN, NULL, "", reason);
    }
    exit(run_close(run));
}

void run_need_weights(char path[PATH_SIZE], struct run *run, const char *weights)
{
    if (run_weights(path, run, weights)) {
        printf("weights %s: %s\n", weights, path);
        return;
    }
    const char *keep_going = getenv("MASKBOOK_KEEP_GOING");
    char reason[PATH_SIZE];
    snprintf(reason, sizeof reason, "no weights: make pretrain RUN=%s TIER=%s DATA=%s",
             weights, run->tier_name, run->data);
    if (keep_going && *keep_going) end_not_run(run, reason);
    die(EXIT_INPUT,
        "%s: no weights of %s (make pretrain RUN=%s TIER=%s DATA=%s; hours, or "
        "EPOCHS=1 for a "
        "pilot of minutes)",
        run->name, weights, weights, run->tier_name, run->data);
}
