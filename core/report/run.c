#include "core/report/run.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/options.h"
#include "core/report/exhibits.h"
#include "core/report/memory.h"
#include "core/report/printout.h"
#include "core/report/store.h"

static const char *const tiers[] = {"smoke", "desk", "paper"};
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
    return tiers[tier];
}

void tier_find(enum tier *tier, const char **data, const char *tier_text,
               const char *data_text)
{
    if (!tier_text) tier_text = "desk";
    if (!data_text) data_text = strcmp(tier_text, "smoke") ? "cifar10" : "planted";
    for (size_t i = 0; i < sizeof allowed / sizeof *allowed; ++i)
        if (!strcmp(tiers[allowed[i].tier], tier_text) &&
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

/// A run's name becomes a folder's name, so it may not lead out of the results.
static void check_run_name(const char *name)
{
    int good = isalnum((unsigned char)*name) && strlen(name) < 64;
    for (const char *c = name; *c; ++c)
        good = good && (isalnum((unsigned char)*c) || strchr("-_.", *c));
    if (!good)
        die(EXIT_USAGE, "--run: '%s' is no name of a run (give one like m75-h3)", name);
}

static void read_options(struct run *run, int argc, char **argv, const char **results)
{
    struct option o[] = {
        {"tier", NULL, "smoke, desk or paper [desk]"},
        {"data", NULL, "planted, cifar10 or imagefolder [the tier's]"},
        {"run", NULL, "one pretraining, e.g. m75-h3 (mask ratio 75 %, 3 heads)"},
        {"seed", "1", "seed of everything random"},
        {"seeds", NULL,
         "how many seeds a repeated probe or finetuning has [the tier's]"},
        {"threads", NULL, "threads [the CPUs allowed to this process]"},
        {"arithmetic", "auto", "auto, fp32 or bf16"},
        {"epochs", NULL, "epochs instead of the recipe's"},
        {"export", "0", "1: write arrays to export/*.npy too"},
        {"force", "0", "1: run again although the result is up to date"},
        {"results", "results", "folder of all results"},
    };
    const size_t count = sizeof o / sizeof *o;
    char *usage = text_format("%s: an experiment of Maskbook", run->name);
    options_read(o, count, argc, argv, usage);
    free(usage);

    tier_find(&run->tier, &run->data, option_text(o, count, "tier"),
              option_text(o, count, "data"));
    if (!strcmp(run->data, "imagefolder"))
        die(EXIT_USAGE,
            "imagefolder: not available in this version (use DATA=cifar10)");
    run->tier_name = tiers[run->tier];
    run->run_name = option_text(o, count, "run");
    if (run->run_name) check_run_name(run->run_name);
    run->seed = parse_seed("--seed", option_text(o, count, "seed"));
    const char *seeds = option_text(o, count, "seeds");
    run->seeds = seeds ? (int)parse_integer("--seeds", seeds, 1, 1000) : 0;
    run->threads = parse_threads(option_text(o, count, "threads"));
    static const char *const arithmetics[] = {"auto", "fp32", "bf16"};
    run->arithmetic = arithmetics[parse_choice(
        "--arithmetic", option_text(o, count, "arithmetic"), arithmetics, 3)];
    const char *epochs = option_text(o, count, "epochs");
    run->epochs = epochs ? parse_number("--epochs", epochs, 1e-6, 1e6) : 0;
    run->export_arrays =
        (int)parse_integer("--export", option_text(o, count, "export"), 0, 1);
    run->force = (int)parse_integer("--force", option_text(o, count, "force"), 0, 1);
    *results = option_text(o, count, "results");
}

/// Begins the provenance with everything common that decides the numbers.
static void note_identity(struct run *run, const char *code)
{
    char seed[32], seeds[32], epochs[32];
    snprintf(seeds, sizeof seeds, "%d", run->seeds);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->seed);
    snprintf(epochs, sizeof epochs, "%.17g", run->epochs);
    run_note(run, "experiment", run->name, 1);
    run_note(run, "code", code, 1);
    run_note(run, "tier", run->tier_name, 1);
    run_note(run, "data", run->data, 1);
    run_note(run, "run", run->run_name ? run->run_name : "", 1);
    run_note(run, "seed", seed, 1);
    run_note(run, "seeds", run->seeds > 0 ? seeds : "the tier's", 1);
    run_note(run, "arithmetic", "fp32", 1);
    run_note(run, "epochs", run->epochs > 0 ? epochs : "recipe", 1);
}

void run_open(struct run *run, const char *name, const char *code, int argc,
              char **argv)
{
    const char *results;
    *run = (struct run){.name = name, .started = clock_seconds()};
    stdout_check_at_exit();
    read_options(run, argc, argv, &results);

    path_format(run->root, "%s/%s-%s", results, run->tier_name, run->data);
    // What is shipped stays where it is, wherever this run's own results go.
    path_format(run->checkpoints, "results/checkpoints/%s-%s", run->tier_name,
                run->data);
    path_format(run->folder, "%s/%s%s%s", run->root, name, run->run_name ? "/" : "",
                run->run_name ? run->run_name : "");
    run->store = store_make();
    note_identity(run, code);
}

void run_note(struct run *run, const char *what, const char *value, int keyed)
{
    require(!keyed || !run->store->keyed, "keyed note '%s' after run_fresh", what);
    provenance_add(&run->store->provenance, what, value, keyed);
}

/// True when `reason` is one of those in the list "a; b; c".
static int names_reason(const char *list, const char *reason)
{
    const size_t length = strlen(reason);
    for (const char *at = list; (at = strstr(at, reason)); at += length)
        if ((at == list || at[-1] == ' ') && (!at[length] || at[length] == ';'))
            return 1;
    return 0;
}

void run_pilot(struct run *run, const char *why, ...)
{
    char reason[160];
    va_list arguments;
    va_start(arguments, why);
    vsnprintf(reason, sizeof reason, why, arguments);
    va_end(arguments);
    char *before = run->store->pilot;
    if (before && names_reason(before, reason)) return;
    run->store->pilot =
        text_format("%s%s%s", before ? before : "", before ? "; " : "", reason);
    free(before);
}

/// Fills run->key, once; from then on the keyed lines stand.
static void fill_key(struct run *run)
{
    if (run->store->keyed) return;
    char digest[HASH_HEX];
    claims_digest(digest, store_claims(run->store), run->name);
    run_note(run, "claims", digest, 1);
    provenance_key(run->key, &run->store->provenance);
    run->store->keyed = 1;
}

/// A failure that the Makefile recorded is over when the experiment has ended well.
static void remove_error(const struct run *run)
{
    char path[PATH_SIZE];
    path_format(path, "%s/%s/error.txt", run->root, run->name);
    unlink(path);
}

int run_fresh(struct run *run)
{
    char path[PATH_SIZE];
    struct provenance old;
    fill_key(run);
    path_format(path, "%s/provenance.tsv", run->folder);
    int fresh = provenance_read(&old, path);
    if (fresh) {
        const char *key = provenance_find(&old, "key"),
                   *export = provenance_find(&old, "export");
        fresh = !run->force && key && !strcmp(key, run->key) &&
                (!run->export_arrays || (export && !strcmp(export, "1"))) &&
                provenance_holds(&old, run->folder);
    }
    if (fresh) {
        remove_error(run);
    } else {
        // What this run does not write again must not stay beside what it does. The verdicts stay until
        // they are replaced: without a provenance they are stale, and the ledger can say so.
        provenance_remove(&old, run->folder, "verdicts.tsv");
        unlink(path);
    }
    provenance_free(&old);
    return fresh;
}

void run_result(struct run *run, const char *key, double value, double low, double high,
                size_t n, const char *unit)
{
    struct run_store *store = run->store;
    struct result result = {.value = value, .low = low, .high = high, .n = n};
    require(strlen(key) < sizeof result.key && strlen(unit) < sizeof result.unit,
            "key '%s' or unit '%s' is too long", key, unit);
    for (size_t i = 0; i < store->result_count; ++i)
        require(strcmp(store->results[i].key, key), "result '%s' comes twice", key);
    strcpy(result.key, key);
    strcpy(result.unit, unit);
    store->results =
        array_grow(store->results, store->result_count, sizeof *store->results);
    store->results[store->result_count++] = result;
}

void run_path(char path[PATH_SIZE], const struct run *run, const char *file)
{
    path_format(path, "%s/%s", run->folder, file);
    store_file(run->store, file);
}

void run_output(const struct run *run, const char *path)
{
    size_t root = strlen(run->root);
    require(!strncmp(path, run->root, root) && path[root] == '/', "%s is not below %s",
            path, run->root);
    char *name = text_format("%s%s", run->run_name ? "../../" : "../", path + root + 1);
    store_file(run->store, name);
    free(name);
}

int run_weights(char path[PATH_SIZE], const struct run *run, const char *weights)
{
    path_format(path, "%s/weights/%s.safetensors", run->root, weights);
    if (file_exists(path)) return 1;
    path_format(path, "%s/%s.safetensors", run->checkpoints, weights);
    return file_exists(path);
}

/// Adds what is known only at the end: the machine, the cost, the digests of the files.
static void note_end(struct run *run)
{
    struct provenance *provenance = &run->store->provenance;
    char text[64], path[PATH_SIZE];
    provenance_machine(provenance);
    snprintf(text, sizeof text, "%d", run->threads);
    provenance_add(provenance, "threads", text, 0);
    snprintf(text, sizeof text, "%.1f", clock_seconds() - run->started);
    provenance_add(provenance, "seconds", text, 0);
    snprintf(text, sizeof text, "%.0f MiB", clock_peak_bytes() / 1048576.);
    provenance_add(provenance, "peak memory", text, 0);
    if (run->store->pilot) provenance_add(provenance, "pilot", run->store->pilot, 0);
    provenance_add(provenance, "export", run->export_arrays ? "1" : "0", 0);
    for (size_t i = 0; i < run->store->file_count; ++i) {
        path_format(path, "%s/%s", run->folder, run->store->files[i]);
        if (file_exists(path)) provenance_file(provenance, run->store->files[i], path);
    }
}

static int print_verdicts(struct run *run)
{
    printout_write(run, stdout);
    store_free(run->store);
    run->store = NULL;
    return EXIT_SUCCESS;
}

int run_print(struct run *run)
{
    run_tables_print(run);
    return print_verdicts(run);
}

int run_close(struct run *run)
{
    char path[PATH_SIZE];
    fill_key(run);
    run_path(path, run, "result.tsv");
    store_write_results(run->store, path);
    run_path(path, run, "verdicts.tsv");
    store_write_verdicts(run->store, path);

    note_end(run);
    path_format(path, "%s/provenance.tsv", run->folder);
    provenance_write(&run->store->provenance, path);
    remove_error(run);
    return print_verdicts(run);
}
