// faults EVERY: runs each scenario with the first call failing, the one after EVERY more, and so
// on, until no call is left to fail; first calls that take memory, then calls that write. Each time
// the process must end with one line and exit code 4, every file that is left must be whole, as it
// was or as the undisturbed run writes it, and a repeat must end as the undisturbed run does.
// Prints TAP. EVERY 0: as many as keep all of them together under a minute.
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/base/die.h"
#include "core/linalg/coretype.h"
#include "tests/faults/inject.h"
#include "tests/faults/scenario.h"

enum { FILES = 64, SAYS = 4096, TRIALS = 60 };
static const char *const fault_names[] = {
    [FAULT_MEMORY] = "memory", [FAULT_WRITE] = "writing"};

// ====== Folders ======

static char scratch[] = "/tmp/maskbook-faults-XXXXXX", before_folder[PATH_SIZE],
            work_folder[PATH_SIZE];

static int remove_one(const char *path, const struct stat *status, int kind,
                      struct FTW *where)
{
    (void)status, (void)kind, (void)where;
    return remove(path);
}

static void folder_remove(const char *path)
{
    nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

// The regular files below a folder.
struct listing {
    size_t count;
    struct version file[FILES];
};
static struct listing *listed;
static size_t listed_root;

static int list_one(const char *path, const struct stat *status, int kind)
{
    (void)status;
    if (kind != FTW_F) return 0;
    require(listed->count < FILES, "more than %d files", FILES);
    struct version *file = &listed->file[listed->count++];
    path_format(file->path, "%s", path + listed_root);
    version_digest(file->digest, path);
    return 0;
}

static void folder_list(struct listing *listing, const char *path)
{
    listing->count = 0;
    listed = listing;
    listed_root = strlen(path) + 1;
    require(!ftw(path, list_one, 8), "%s: cannot be listed", path);
}

static int copy_one(const char *path, const struct stat *status, int kind)
{
    (void)status;
    if (kind != FTW_F) return 0;
    char to[PATH_SIZE];
    size_t size;
    struct output output;
    char *bytes = file_read(&size, path, NULL);
    path_format(to, "%s%s", work_folder, path + strlen(before_folder));
    output_open(&output, to);
    fwrite(bytes, 1, size, output.file);
    output_close(&output);
    free(bytes);
    return 0;
}

// The work folder as it is before the scenario acts.
static void work_reset(void)
{
    folder_remove(work_folder);
    folder_make(work_folder);
    require(!ftw(before_folder, copy_one, 8), "%s: cannot be copied", before_folder);
}

// ====== Trials ======

struct ending {
    int code; // exit code, or minus the signal
    char says[SAYS];
};

// act() in a new process, in `folder`, with call number `at` of the kind failing.
static void trial(struct ending *ending, void (*act)(void), const char *folder,
                  enum fault kind, size_t at)
{
    int ends[2], status;
    size_t used = 0;
    require(!pipe(ends), "no pipe");
    fflush(NULL);
    pid_t child = fork();
    require(child >= 0, "no process");
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        require(freopen("/dev/null", "w", stdout) && !chdir(folder), "no %s", folder);
        inject_begin(kind, at);
        act();
        exit(EXIT_SUCCESS);
    }
    close(ends[1]);
    for (ssize_t got; used < SAYS - 1 &&
                      (got = read(ends[0], ending->says + used, SAYS - 1 - used)) > 0;)
        used += (size_t)got;
    ending->says[used] = 0;
    close(ends[0]);
    while (waitpid(child, &status, 0) < 0) require(errno == EINTR, "no child");
    ending->code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static const struct version *listing_find(const struct listing *listing,
                                          const char *path)
{
    for (size_t i = 0; i < listing->count; ++i)
        if (strcmp(listing->file[i].path, path) == 0) return &listing->file[i];
    return NULL;
}

static int listings_equal(const struct listing *a, const struct listing *b)
{
    for (size_t i = 0; i < a->count; ++i) {
        const struct version *other = listing_find(b, a->file[i].path);
        if (!other || strcmp(other->digest, a->file[i].digest)) return 0;
    }
    return a->count == b->count;
}

// Files before the scenario, after it, and every version in between.
static struct listing before, after;
static struct injection undisturbed;

static int is_whole(const struct version *file)
{
    const struct version *was = listing_find(&before, file->path),
                         *is = listing_find(&after, file->path);
    if ((was && strcmp(was->digest, file->digest) == 0) ||
        (is && strcmp(is->digest, file->digest) == 0))
        return 1;
    for (size_t i = 0; i < undisturbed.version_count; ++i)
        if (strcmp(undisturbed.version[i].path, file->path) == 0 &&
            strcmp(undisturbed.version[i].digest, file->digest) == 0)
            return 1;
    return 0;
}

// Lines of a message; the speed of a training, its other line, ends in "/s".
static size_t lines_of(const char *says)
{
    size_t lines = 0;
    for (const char *end; (end = strchr(says, '\n')); says = end + 1)
        lines += end - says < 2 || memcmp(end - 2, "/s", 2);
    return lines + (*says != 0);
}

// text (SAYS + PATH_SIZE) = what, and the files of `now` that are not as the scenario leaves them,
// and those that it leaves and that are not there.
static void list_others(char *text, const char *what, const struct listing *now)
{
    const size_t size = SAYS + PATH_SIZE;
    size_t used = (size_t)snprintf(text, size, "%s", what);
    for (size_t i = 0; i < now->count && used < size; ++i) {
        const struct version *is = listing_find(&after, now->file[i].path);
        if (!is || strcmp(is->digest, now->file[i].digest))
            used +=
                (size_t)snprintf(text + used, size - used, " %s", now->file[i].path);
    }
    for (size_t i = 0; i < after.count && used < size; ++i)
        if (!listing_find(now, after.file[i].path))
            used += (size_t)snprintf(text + used, size - used, " (no %s)",
                                     after.file[i].path);
}

// What is wrong after a trial whose call failed, in static storage; NULL if nothing is.
static const char *fault_of(const struct scenario *scenario,
                            const struct ending *ending)
{
    static char why[SAYS + PATH_SIZE];
    static struct listing now;
    folder_list(&now, work_folder);
    if (ending->code == EXIT_SUCCESS) {
        // The bytes are all there, and a power cut may take them.
        if (injection->unflushed) return "it ended well after a flush that failed";
        // What is not needed may be missing; the result is the same.
        if (listings_equal(&now, &after)) return NULL;
        list_others(why, "it ended well, with other files:", &now);
        return why;
    }
    if (ending->code != EXIT_SYSTEM || lines_of(ending->says) != 1) {
        snprintf(why, sizeof why, "it ended with %d, saying: %s", ending->code,
                 ending->says);
        return why;
    }
    for (size_t i = 0; i < now.count; ++i)
        if (!is_whole(&now.file[i])) {
            snprintf(why, sizeof why, "%s is left damaged", now.file[i].path);
            return why;
        }
    if (!listing_find(&now, scenario->keeps)) {
        snprintf(why, sizeof why, "%s is gone", scenario->keeps);
        return why;
    }
    return NULL;
}

// The same for the repeat.
static const char *fault_of_repeat(const struct ending *ending)
{
    static struct listing now;
    static char why[SAYS + PATH_SIZE];
    folder_list(&now, work_folder);
    if (ending->code == 0 && listings_equal(&now, &after)) return NULL;
    char what[64];
    snprintf(what, sizeof what, "the repeat ended with %d and has", ending->code);
    list_others(why, what, &now);
    return why;
}

// ====== Scenarios ======

static int tests, failures;

static void scenario_open(const struct scenario *scenario)
{
    struct ending ending;
    folder_remove(before_folder);
    folder_make(before_folder);
    trial(&ending, scenario->prepare, before_folder, FAULT_MEMORY, 0);
    require(ending.code == 0, "%s: is not prepared: %s", scenario->name, ending.says);
    folder_list(&before, before_folder);
    work_reset();
    trial(&ending, scenario->act, work_folder, FAULT_MEMORY, 0);
    require(ending.code == 0, "%s: ended with %d: %s", scenario->name, ending.code,
            ending.says);
    folder_list(&after, work_folder);
    undisturbed = *injection;
    // The file's and its folder's, for each.
    require(undisturbed.flushes >= 2 * undisturbed.version_count,
            "%s: files were renamed without being flushed", scenario->name);
}

static void scenario_try(const struct scenario *scenario, enum fault kind, size_t every)
{
    const size_t calls = undisturbed.calls[kind];
    size_t trials = 0, deaths = 0, bad = 0;
    if (!every) every = calls / TRIALS + 1;
    for (size_t at = 1; at <= calls && bad < 5; at += every) {
        struct ending ending;
        work_reset();
        trial(&ending, scenario->act, work_folder, kind, at);
        // Threads take their calls in any order, so the last one may not come.
        if (!injection->failed) continue;
        ++trials;
        deaths += ending.code != 0;
        const char *why = fault_of(scenario, &ending);
        if (!why) {
            trial(&ending, scenario->act, work_folder, kind, 0);
            why = fault_of_repeat(&ending);
        }
        if (!why) continue;
        printf("# call %zu of %zu: %s\n", at, calls, why);
        ++bad;
    }
    printf("%sok %d - %s: %zu of %zu calls for %s fail one at a time, %zu end it, all "
           "is whole\n",
           bad || !trials ? "not " : "", ++tests, scenario->name, trials, calls,
           fault_names[kind], deaths);
    fflush(stdout);
    failures += bad || !trials;
}

int main(int argc, char **argv)
{
    coretype_open(argv);
    if (argc != 2) die(EXIT_USAGE, "one argument is needed (give EVERY, or 0)");
    const size_t every = strtoul(argv[1], NULL, 10);
    require(mkdtemp(scratch), "no folder in /tmp");
    path_format(before_folder, "%s/before", scratch);
    path_format(work_folder, "%s/work", scratch);
    inject_open();
    for (size_t s = 0; s < SCENARIOS; ++s) {
        scenario_open(&scenarios[s]);
        for (int kind = 0; kind < FAULTS; ++kind)
            scenario_try(&scenarios[s], (enum fault)kind, every);
    }
    folder_remove(scratch);
    printf("1..%d\n", tests);
    return failures > 0;
}
