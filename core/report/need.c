#include "core/report/need.h"

#include <stdlib.h>

#include "core/base/die.h"
#include "core/report/record.h"
#include "core/report/run_state.h"

static const char note[] = "not run";

int run_need_weights(char path[PATH_SIZE], struct run *run, const char *weights)
{
    if (run_weights(path, run, weights)) {
        printf("weights %s: %s\n", weights, path);
        return 1;
    }
    const char *keep_going = getenv("MASKBOOK_KEEP_GOING"),
               *tier = run->options.tier_name, *data = run->options.data;
    if (!keep_going || !*keep_going)
        die(EXIT_INPUT,
            "%s: no weights of %s (make pretrain RUN=%s TIER=%s DATA=%s; hours, or "
            "EPOCHS=1 for a pilot of minutes)",
            run->name, weights, weights, tier, data);
    char reason[PATH_SIZE];
    snprintf(reason, sizeof reason, "no weights: make pretrain RUN=%s TIER=%s DATA=%s",
             weights, tier, data);
    run_note(run, note, reason, 1);
    return 0;
}

int run_close_without(struct run *run)
{
    run_verdict_rest(run, provenance_find(&run->state->provenance, note));
    return run_close(run);
}
