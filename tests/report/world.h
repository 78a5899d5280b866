/// A small project for the tests of core/report: a scratch folder, made the current one, with a
/// table of claims of every kind and the shared figure style.
#ifndef MASKBOOK_TESTS_REPORT_WORLD_H
#define MASKBOOK_TESTS_REPORT_WORLD_H

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/report/provenance.h"
#include "core/report/record.h"
#include "core/report/run.h"
#include "core/report/run_state.h"
#include "tests/ending.h"
#include "tests/scratch.h"

static const char world_claims[] =
    "id\tplace\tstatement\tprinted\teffect\tkind\tmargin\tmargin_"
    "source\tdata\ttier\ttarget\t"
    "experiment\n"
    "order\tTable 1\tA beats B\t2.0\t2.0\tordering\t\t\tany\tdesk\ttable1\t02-demo\n"
    "accuracy\tTable 1\tAccuracy of A\t83.6\t\tnumeric\t0.5\tseed "
    "spread\tcifar10\tpaper\ttable1\t"
    "02-demo\n"
    "cifar\tTable 1\tA beats B on "
    "CIFAR-10\t2.0\t2.0\tordering\t\t\tcifar10\tdesk\ttable1\t02-demo\n"
    "image\tTable 1\tA beats B on "
    "ImageNet\t2.0\t2.0\tordering\t\t\timagenet\tpaper\ttable1\t02-demo\n"
    "same\tSec. 1\tA is "
    "B\tequal\t\tequivalence\t0.3\tjudgement\tany\tdesk\tfigure2\t02-demo\n"
    "map\tSec. 1\tA finds "
    "regions\tpictures\t\tpartition\t0.05\tjudgement\tplanted\tdesk\tfigure2\t"
    "02-demo\n"
    "pure\tEq. 1\tx = x\tequation\t\texact\t\t\tnone\tsmoke\tfigure2\t02-demo\n"
    "sum\tEq. 2\tx = "
    "y\tequation\t\tidentity\t1e-9\trounding\tnone\tsmoke\tfigure2\t02-demo\n"
    "minus\tTable 1\tA - B\t2.0\t\tarithmetic\t\t\tnone\tsmoke\ttable1\t02-demo\n"
    "rise\tSec. 1\tA rises\tcurve\t\ttrend\t0\tdirection\tany\tdesk\tfigure2\t02-demo\n"
    "other\tSec. 2\tC holds\tdrawing\t\texact\t\t\tany\tdesk\tfigure3\t03-other\n";

/// Makes `path` (with folders) hold `text`.
static inline void world_write(const char *path, const char *text)
{
    char copy[PATH_SIZE];
    path_format(copy, "%s", path);
    for (char *slash = strchr(copy, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(copy, 0777);
        *slash = '/';
    }
    scratch_write(path, text, strlen(text));
}

/// The text of a file, read without the module under test; static storage.
static inline const char *world_text(const char *path)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "rb");
    cr_assert(file, "%s is missing", path);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

/// The verdict on the claim `id` in the table of verdicts `path`. Static storage.
static inline const char *world_verdict(const char *path, const char *id)
{
    static char word[64];
    char start[64];
    snprintf(start, sizeof start, "\n%s\t", id);
    const char *at = strstr(world_text(path), start);
    cr_assert(at, "no %s in %s", id, path);
    at += strlen(start);
    snprintf(word, sizeof word, "%.*s", (int)strcspn(at, "\t"), at);
    return word;
}

// What core/report/claims.h asks of a row besides the columns above.
static inline void world_claims_row(FILE *file, char *line)
{
    const int is_head = !strncmp(line, "id\t", 3);
    const char *wording = "";
    for (int column = 0; line; ++column) {
        char *cell = strsep(&line, "\t");
        // Words are no printed number.
        if (column == 3 && !is_head && !strpbrk(cell, "0123456789")) {
            wording = cell;
            cell = cell + strlen(cell);
        }
        fprintf(file, "%s\t", cell);
    }
    if (is_head)
        fputs("origin\twording\tquantity\tunit\n", file);
    else
        fprintf(file, "paper\t%s\twhat is found\t1\n", wording);
}

/// Makes `path` hold a table of claims, given without origin, wording, quantity and unit; words in
/// the place of a printed number go to `wording`.
static inline void world_claims_write(const char *path, const char *claims)
{
    char *copy = strdup(claims), *next = copy, *text = NULL;
    size_t size;
    FILE *file = open_memstream(&text, &size);
    for (char *line; (line = strsep(&next, "\n")) && *line;)
        world_claims_row(file, line);
    fclose(file);
    world_write(path, text);
    free(text);
    free(copy);
}

static inline void world_open(void)
{
    char root[PATH_SIZE], style[2 * PATH_SIZE];
    cr_assert(getcwd(root, sizeof root));
    scratch_make();
    cr_assert_eq(chdir(scratch_folder), 0);
    world_claims_write("paper/claims.tsv", world_claims);
    cr_assert_eq(mkdir("figures", 0777), 0);
    snprintf(style, sizeof style, "%s/figures/style.gp", root);
    cr_assert_eq(symlink(style, "figures/style.gp"), 0);
}

enum { WORLD_ARGUMENTS = 16 };

/// Opens a run of 02-demo with the words of `options` ("--tier smoke --force 1"); `words` must
/// outlive it.
static inline void world_run(struct run *run, const char *options, char words[512])
{
    char *argv[WORLD_ARGUMENTS] = {words + 500};
    int argc = 1;
    strcpy(words + 500, "demo");
    snprintf(words, 500, "%s", options);
    char *next = words;
    for (char *word; (word = strsep(&next, " "));)
        if (*word) argv[argc++] = word;
    run_open(run, "02-demo", "code-1", argc, argv);
}

/// Ends a run that writes nothing.
static inline void world_drop(struct run *run)
{
    run_state_free(run->state);
}

/// Sends stdout to a file, where the test can read what was said.
static inline void world_listen(void)
{
    fflush(stdout);
    cr_assert(freopen("said.txt", "w", stdout));
}

static inline const char *world_said(void)
{
    fflush(stdout);
    return world_text("said.txt");
}

#endif
