#include "core/report/run.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/clock.h"
#include "core/base/die.h"
#include "core/base/lock.h"
#include "core/report/memory.h"
#include "core/report/printout.h"
#include "core/report/run_files.h"
#include "core/report/run_state.h"
#include "core/report/shipped.h"

// Begins the provenance with what decides the numbers of every experiment.
static void note_identity(struct run *run, const char *code)
{
    char seed[32], seeds[32], epochs[32];
    snprintf(seeds, sizeof seeds, "%d", run->options.seeds);
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)run->options.seed);
    snprintf(epochs, sizeof epochs, "%.17g", run->options.epochs);
    run_note(run, "experiment", run->name, 1);
    run_note(run, "code", code, 1);
    run_note(run, "tier", run->options.tier_name, 1);
    run_note(run, "data", run->options.data, 1);
    run_note(run, "run", run->options.run_name ? run->options.run_name : "", 1);
    run_note(run, "seed", seed, 1);
    run_note(run, "seeds", run->options.seeds > 0 ? seeds : "the tier's", 1);
    run_note(run, "epochs", run->options.epochs > 0 ? epochs : "recipe", 1);
}

void run_open(struct run *run, const char *name, const char *code, int argc,
              char **argv)
{
    *run = (struct run){.name = name, .started = clock_seconds()};
    stdout_check_at_exit();
    run_options_read(&run->options, name, argc, argv);
    const struct run_options *options = &run->options;

    path_format(run->root, "%s/%s-%s", options->results, options->tier_name,
                options->data);
    folder_ours(run->root);
    shipped_folder(run->checkpoints, options->tier_name, options->data);
    path_format(run->folder, "%s/%s%s%s", run->root, name,
                run->options.run_name ? "/" : "",
                run->options.run_name ? run->options.run_name : "");
    run->state = run_state_make();
    note_identity(run, code);
}

void run_note(struct run *run, const char *what, const char *value, int keyed)
{
    require(!keyed || !run->state->keyed, "keyed note '%s' after run_fresh", what);
    provenance_add(&run->state->provenance, what, value, keyed);
}

// True when `reason` is one of those in the list "a; b; c".
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
    char *before = run->state->pilot;
    if (before && names_reason(before, reason)) return;
    run->state->pilot =
        text_format("%s%s%s", before ? before : "", before ? "; " : "", reason);
    free(before);
}

// Computes run->key, once; no keyed line may follow.
static void fill_key(struct run *run)
{
    if (run->state->keyed) return;
    char digest[HASH_HEX];
    claims_digest(digest, run_state_claims(run->state), run->name);
    run_note(run, "claims", digest, 1);
    provenance_key(run->key, &run->state->provenance);
    run->state->keyed = 1;
}

// Removes the Makefile's note of a failure: the experiment has ended well.
static void remove_error(const struct run *run)
{
    char path[PATH_SIZE];
    path_format(path, "%s/%s/error.txt", run->root, run->name);
    unlink(path);
}

// Two runs that write the same files at once would leave a mixture of both. A folder in which
// nothing can be written has results to be read.
static void folder_lock(struct run *run)
{
    folder_make(run->folder);
    if (run->state->lock < 0)
        run->state->lock = lock_take_writable(run->folder, "another run");
}

// Adds the commit and the machine, once: before anything is computed, as another commit may be
// checked out before the end.
static void note_machine(struct run *run)
{
    struct provenance *provenance = &run->state->provenance;
    if (!provenance_find(provenance, "commit")) provenance_machine(provenance);
}

int run_fresh(struct run *run)
{
    char path[PATH_SIZE];
    struct provenance old;
    fill_key(run);
    folder_lock(run);
    path_format(path, "%s/provenance.tsv", run->folder);
    int fresh = provenance_read(&old, path);
    if (fresh) {
        const char *key = provenance_find(&old, "key"),
                   *export = provenance_find(&old, "export");
        fresh = !run->options.force && key && !strcmp(key, run->key) &&
                (!run->options.export_arrays || (export && !strcmp(export, "1"))) &&
                provenance_holds(&old, run->folder);
    }
    if (fresh) {
        remove_error(run);
    } else {
        if (run->state->lock < 0)
            die(EXIT_SYSTEM, "%s: cannot be written (check who may write there)",
                run->folder);
        // Removes files that this run may not write again. The verdicts stay until they are
        // replaced: without a provenance they are stale, and the ledger says so.
        provenance_remove(&old, run->folder, "verdicts.tsv");
        unlink(path);
        note_machine(run);
    }
    provenance_free(&old);
    return fresh;
}

void run_result(struct run *run, const char *key, double value, double low, double high,
                size_t n, const char *unit)
{
    struct run_state *state = run->state;
    struct result result = {.value = value, .low = low, .high = high, .n = n};
    require(strlen(key) < sizeof result.key && strlen(unit) < sizeof result.unit,
            "key '%s' or unit '%s' is too long", key, unit);
    for (size_t i = 0; i < state->result_count; ++i)
        require(strcmp(state->results[i].key, key), "result '%s' comes twice", key);
    strcpy(result.key, key);
    strcpy(result.unit, unit);
    state->results =
        array_grow(state->results, state->result_count, sizeof *state->results);
    state->results[state->result_count++] = result;
}

void run_path(char path[PATH_SIZE], const struct run *run, const char *file)
{
    path_format(path, "%s/%s", run->folder, file);
    run_state_file(run->state, file);
}

void run_output(const struct run *run, const char *path)
{
    size_t root = strlen(run->root);
    require(!strncmp(path, run->root, root) && path[root] == '/', "%s is not below %s",
            path, run->root);
    char *name =
        text_format("%s%s", run->options.run_name ? "../../" : "../", path + root + 1);
    run_state_file(run->state, name);
    free(name);
}

int run_weights(char path[PATH_SIZE], const struct run *run, const char *weights)
{
    path_format(path, "%s/weights/%s.safetensors", run->root, weights);
    if (file_kept(path)) return 1;
    return shipped_weights(path, run, weights);
}

// Adds what is known at the end: the cost, the digests of the files.
static void note_end(struct run *run)
{
    struct provenance *provenance = &run->state->provenance;
    char text[64], path[PATH_SIZE];
    note_machine(run);
    snprintf(text, sizeof text, "%d", run->options.threads);
    provenance_add(provenance, "threads", text, 0);
    snprintf(text, sizeof text, "%.1f", clock_seconds() - run->started);
    provenance_add(provenance, "seconds", text, 0);
    snprintf(text, sizeof text, "%.0f MiB", clock_peak_bytes() / 1048576.);
    provenance_add(provenance, "peak memory", text, 0);
    if (run->state->pilot) provenance_add(provenance, "pilot", run->state->pilot, 0);
    provenance_add(provenance, "export", run->options.export_arrays ? "1" : "0", 0);
    for (size_t i = 0; i < run->state->file_count; ++i) {
        path_format(path, "%s/%s", run->folder, run->state->files[i]);
        if (file_exists(path)) provenance_file(provenance, run->state->files[i], path);
    }
}

static int print_verdicts(struct run *run)
{
    printout_write(run, stdout);
    run_state_free(run->state);
    run->state = NULL;
    return EXIT_SUCCESS;
}

int run_print(struct run *run)
{
    run_state_read(run->state, run->folder);
    run_tables_print(run);
    return print_verdicts(run);
}

int run_close(struct run *run)
{
    char path[PATH_SIZE];
    fill_key(run);
    run_arrays_write(run);
    run_path(path, run, "result.tsv");
    run_state_write_results(run->state, path);
    run_path(path, run, "verdicts.tsv");
    run_state_write_verdicts(run->state, path);

    note_end(run);
    path_format(path, "%s/provenance.tsv", run->folder);
    provenance_write(&run->state->provenance, path);
    remove_error(run);
    return print_verdicts(run);
}
