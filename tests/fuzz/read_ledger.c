// What an experiment left for the ledger. The first letter of an input says which file it is:
// 'v' verdicts.tsv, listed by a sound provenance; 'p' provenance.tsv; 'd' the same, with the
// digest of itself appended; 'e' error.txt; 'r' the reference that the ledger is compared with.
#include "tests/fuzz/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/base/files.h"
#include "core/report/provenance.h"
#include "core/report/reference.h"

static const char claims_text[] =
    "id\torigin\tplace\tstatement\tprinted\twording\teffect\tquantity\tunit\tkind\tmarg"
    "in\tmargin_source\tdata\ttier\ttarget\texperiment\n"
    "a\tpaper\tTable 2\tit "
    "holds\t\t\t\tdifference\t1\texact\t\t\tnone\tsmoke\ttable2\tx\n"
    "b\tpaper\tTable "
    "2\tlarger\t\t\t2\tdifference\t1\tordering\t\t\tany\tdesk\ttable2\tx\n";
static const char verdicts_text[] =
    "id\tverdict\testimate\tlow\thigh\tn\ttest\treason\tscale\tfinding\n"
    "a\tREPRODUCED\tnan\tnan\tnan\t0\tall instances\t\t\t\n"
    "b\tTREND-ONLY\t1.5\t0.5\t2.5\t40\tbootstrap\t\tpilot\tlarger\n";

static char claims_key[HASH_HEX];

static void text_write(const char *path, const char *text)
{
    struct output output;
    output_open(&output, path);
    fputs(text, output.file);
    output_close(&output);
}

// Claims are read from below the working folder, results from RESULTS/smoke-planted.
void reader_prepare(void)
{
    struct claims claims;
    require(!chdir(input_folder("v/smoke-planted/x/verdicts.tsv")), "no folder");
    input_folder("p/smoke-planted/x/provenance.tsv");
    input_folder("e/smoke-planted/x/error.txt");
    input_folder("r/reference.tsv");
    text_write("p/smoke-planted/x/verdicts.tsv", verdicts_text);
    text_write("paper/claims.tsv", claims_text);
    claims_read(&claims, "paper/claims.tsv");
    claims_digest(claims_key, &claims, "x");
    claims_free(&claims);
}

static void provenance_of_verdicts(const char *folder)
{
    char path[PATH_SIZE];
    struct provenance provenance = {0};
    provenance_add(&provenance, "claims", claims_key, 1);
    provenance_add(&provenance, "commit", "0123456789abcdef", 0);
    provenance_add(&provenance, "seconds", "1.5", 0);
    path_format(path, "%s/verdicts.tsv", folder);
    provenance_file(&provenance, "verdicts.tsv", path);
    path_format(path, "%s/provenance.tsv", folder);
    provenance_write(&provenance, path);
    provenance_free(&provenance);
}

// The input, followed by the last line that provenance_write would give it.
static void input_with_digest(const uint8_t *bytes, size_t size)
{
    enum { TEXT = 8192 };
    static char text[TEXT];
    char digest[HASH_HEX];
    if (size > TEXT / 2) size = TEXT / 2;
    memcpy(text, bytes, size);
    hash_bytes(digest, text, size);
    size += (size_t)snprintf(text + size, TEXT - size, "digest\t%s\t0\n", digest);
    input_file(text, size);
}

int reader_try(const uint8_t *bytes, size_t size)
{
    if (!size || !strchr("vpder", *bytes)) return 0;
    const char letter = (char)*bytes++;
    char results[] = {letter == 'd' ? 'p' : letter, 0};
    input_file(bytes, --size);
    if (letter == 'v') provenance_of_verdicts("v/smoke-planted/x");
    if (letter == 'd') input_with_digest(bytes, size);

    struct ledger ledger;
    ledger_build(&ledger, results, TIER_SMOKE, "planted");
    int stale = 0;
    for (size_t i = 0; i < ledger.count; ++i)
        stale |= strcmp(ledger.rows[i].state, "STALE") == 0;
    if (letter == 'r') ledger_compare(&ledger, "r/reference.tsv", stdout);
    ledger_free(&ledger);
    return !stale;
}

static void seed(void (*put)(const char *name, const void *bytes, size_t size),
                 const char *name, char letter, const char *text)
{
    char bytes[2048];
    const int size = snprintf(bytes, sizeof bytes, "%c%s", letter, text);
    put(name, bytes, (size_t)size);
}

void reader_seeds(void (*put)(const char *name, const void *bytes, size_t size))
{
    size_t size;
    provenance_of_verdicts("p/smoke-planted/x");
    char *text = file_read(&size, "p/smoke-planted/x/provenance.tsv", NULL);
    unlink("p/smoke-planted/x/provenance.tsv");
    input_folder("p/smoke-planted/x/provenance.tsv");
    seed(put, "provenance", 'p', text);
    *strstr(text, "digest\t") = 0;
    seed(put, "provenance-with-digest", 'd', text);
    free(text);
    seed(put, "verdicts", 'v', verdicts_text);
    seed(put, "error", 'e', "05-heads: no such file\nmore\n");
    seed(put, "reference", 'r', "id\tverdict\na\tREPRODUCED\nb\tNOT-RUN\n");
}
