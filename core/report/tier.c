#include "core/report/tier.h"

#include <stddef.h>
#include <string.h>

#include "core/base/die.h"

static const char *const names[] = {"smoke", "desk", "paper"};
static const struct {
    enum tier tier;
    const char *data;
} allowed[] = {{TIER_SMOKE, "planted"},
               {TIER_DESK, "cifar10"},
               {TIER_DESK, "planted"},
               {TIER_PAPER, "cifar10"},
               {TIER_PAPER, "imagefolder"}};

const char *tier_name(enum tier tier)
{
    return names[tier];
}

const char *tier_arithmetic(enum tier tier, const char *asked)
{
    if (asked) return asked;
    return tier == TIER_SMOKE ? "fp32" : "auto";
}

void tier_find(enum tier *tier, const char **data, const char *tier_text,
               const char *data_text)
{
    if (!tier_text) tier_text = "desk";
    if (!data_text) data_text = strcmp(tier_text, "smoke") ? "cifar10" : "planted";
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; ++i)
        if (!strcmp(names[allowed[i].tier], tier_text) &&
            !strcmp(allowed[i].data, data_text)) {
            *tier = allowed[i].tier;
            *data = allowed[i].data;
            return;
        }
    die(EXIT_USAGE,
        "%s-%s: no such tier and data (use TIER-DATA smoke-planted, desk-cifar10, "
        "desk-planted, paper-cifar10 or paper-imagefolder)",
        tier_text, data_text);
}

void tier_find_training(enum tier *tier, const char **data, const char *tier_text,
                        const char *data_text)
{
    tier_find(tier, data, tier_text, data_text);
    if (strcmp(*data, "imagefolder") == 0)
        die(EXIT_USAGE, "--data: nothing is pretrained on imagefolder (use cifar10)");
}
