// Gathers the verdicts of one tier and data set into results/TIER-DATA/ledger.tsv and shows them;
// compares with the committed reference (--check) or, with a reason, replaces it (--accept).
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/options.h"
#include "core/report/display.h"
#include "core/report/provenance.h"
#include "core/report/reference.h"

static const char usage[] = "verdict [--tier T] [--data D] [--results DIR] "
                            "[--reference DIR] [--quiet] [--check] "
                            "[--markdown] [--accept REASON [--only TARGET]]";

// Reads `--quiet` alone as `--quiet=1`; the flags of this tool may come without a value.
static void complete_flags(int argc, char **argv)
{
    static char quiet[] = "--quiet=1", check[] = "--check=1",
                markdown[] = "--markdown=1";
    static char *const complete[] = {quiet, check, markdown};
    for (int i = 1; i < argc; ++i)
        for (size_t f = 0; f < sizeof complete / sizeof *complete; ++f) {
            size_t name = strlen(complete[f]) - 2;
            int bare = strlen(argv[i]) == name &&
                       !strncmp(argv[i], complete[f], name) &&
                       (i + 1 == argc || !strncmp(argv[i + 1], "--", 2));
            if (bare) argv[i] = complete[f];
        }
}

// An empty --accept is a mistake, not the absence of one; options_read does not tell them apart.
static int accept_given(int argc, char **argv)
{
    for (int i = 1; i < argc; ++i)
        if (!strcmp(argv[i], "--accept") || !strncmp(argv[i], "--accept=", 9)) return 1;
    return 0;
}

static void check_reason(const char *reason)
{
    if (!reason || !reason[strspn(reason, " \t\n\r")])
        die(EXIT_USAGE,
            "--accept: a reference changes for a reason (give REASON=\"...\")");
    if (strpbrk(reason, "\t\n\r"))
        die(EXIT_USAGE,
            "--accept: the reason contains a tab or a newline (give one line)");
}

static void accept_ledger(const struct ledger *ledger, const char *folder,
                          const char *target, const char *reason)
{
    char date[16], commit[HASH_HEX];
    time_t now = time(NULL);
    struct tm utc;
    strftime(date, sizeof date, "%Y-%m-%d", gmtime_r(&now, &utc));
    provenance_commit(commit);
    ledger_accept(ledger, folder, target, reason, date, commit);
    printf("reference: %s/ledger.tsv now holds these %zu verdicts, %zu of them of "
           "subtractions of printed numbers\n",
           folder, ledger->count, ledger_arithmetic(ledger));
}

// What the command line asks for.
struct request {
    enum tier tier;
    const char *data, *results, *references;
    const char *reason, *target; // NULL without --accept, and without --only
    int quiet, check, markdown;
};

static struct request read_request(int argc, char **argv)
{
    struct option o[] = {
        {"tier", NULL, "smoke, desk or paper [desk]"},
        {"data", NULL, "planted, cifar10 or imagefolder [the tier's]"},
        {"results", "results", "folder of all results"},
        {"reference", "results/reference", "folder of the committed references"},
        {"quiet", "0", "1: print no ledger"},
        {"check", "0",
         "1: exit 1 on an ERROR or a verdict that the reference does not have"},
        {"markdown", "0", "1: print the ledger as Markdown"},
        {"accept", NULL, "make this ledger the reference, for the reason given"},
        {"only", NULL,
         "with --accept: what `make TARGET` has judged; the rest stays as it is"},
    };
    const size_t count = sizeof o / sizeof *o;
    struct request request = {0};
    int given = accept_given(argc, argv);
    complete_flags(argc, argv);
    options_read(o, count, argc, argv, usage);
    tier_find(&request.tier, &request.data, option_text(o, count, "tier"),
              option_text(o, count, "data"));
    request.results = option_text(o, count, "results");
    request.references = option_text(o, count, "reference");
    request.reason = option_text(o, count, "accept");
    request.target = option_text(o, count, "only");
    if (request.target && !given)
        die(EXIT_USAGE, "--only: says what to accept (give --accept too)");
    if (given) check_reason(request.reason);
    request.quiet = (int)parse_integer("--quiet", option_text(o, count, "quiet"), 0, 1);
    request.check = (int)parse_integer("--check", option_text(o, count, "check"), 0, 1);
    request.markdown =
        (int)parse_integer("--markdown", option_text(o, count, "markdown"), 0, 1);
    return request;
}

int main(int argc, char **argv)
{
    stdout_check_at_exit();
    struct request r = read_request(argc, argv);
    struct ledger ledger;
    char root[PATH_SIZE], path[PATH_SIZE], folder[PATH_SIZE], reference[PATH_SIZE];
    path_format(root, "%s/%s-%s", r.results, tier_name(r.tier), r.data);
    folder_ours(root);
    path_format(path, "%s/ledger.tsv", root);
    path_format(folder, "%s/%s-%s", r.references, tier_name(r.tier), r.data);
    path_format(reference, "%s/ledger.tsv", folder);

    if (r.reason) results_lock(root);
    ledger_build(&ledger, r.results, r.tier, r.data);
    ledger_write(&ledger, path);
    if (r.markdown)
        ledger_markdown(&ledger, stdout);
    else if (!r.quiet)
        ledger_print(&ledger, stdout, isatty(STDOUT_FILENO) && !getenv("NO_COLOR"));
    if (r.target) ledger_restore(&ledger, reference, r.target);
    if (r.reason) accept_ledger(&ledger, folder, r.target, r.reason);
    int differs = r.check && ledger_compare(&ledger, reference, stdout);
    ledger_free(&ledger);
    return differs ? EXIT_FAILURE : EXIT_SUCCESS;
}
