#include "core/report/need.h"

#include <stdlib.h>

#include "core/base/die.h"
#include "core/report/command.h"
#include "core/report/record.h"
#include "core/report/run_state.h"

static const char note[] = "not run";

_Noreturn void run_die_without(const struct run *run, const char *weights)
{
    char command[COMMAND_TEXT];
    weights_command(command, run, weights);
    static const char *const takes[] = {[TIER_SMOKE] = "less than a minute",
                                        [TIER_DESK] =
                                            "hours, or EPOCHS=1 for a pilot of minutes",
                                        [TIER_PAPER] = "weeks"};
    die(EXIT_INPUT, "no weights of %s (%s; %s)", weights, command,
        takes[run->options.tier]);
}

int run_goes_on(void)
{
    const char *keep_going = getenv("MASKBOOK_KEEP_GOING");
    return keep_going && *keep_going;
}

void run_lacks(struct run *run, const char *target)
{
    char reason[COMMAND_TEXT];
    snprintf(reason, sizeof reason, "%s: make %s TIER=%s DATA=%s", REASON_NO_WEIGHTS,
             target, run->options.tier_name, run->options.data);
    run_note(run, note, reason, 1);
}

int run_need_weights(char path[PATH_SIZE], struct run *run, const char *weights)
{
    if (run_weights(path, run, weights)) {
        printf("weights %s: %s\n", weights, path);
        return 1;
    }
    char target[PATH_SIZE];
    if (!run_goes_on()) run_die_without(run, weights);
    snprintf(target, sizeof target, "pretrain RUN=%s", weights);
    run_lacks(run, target);
    return 0;
}

int run_close_without(struct run *run)
{
    run_verdict_rest(run, provenance_find(&run->state->provenance, note));
    return run_close(run);
}
