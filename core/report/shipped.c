#include "core/report/shipped.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/die.h"

static const char SUMS[] = "SHA256SUMS";
enum { DIGITS = HASH_HEX - 1 }; // of a SHA-256 in hex

void shipped_folder(char folder[PATH_SIZE], const char *tier, const char *data)
{
    path_format(folder, "results/checkpoints/%s-%s", tier, data);
}

int shipped_weights(char path[PATH_SIZE], const struct run *run, const char *name)
{
    path_format(path, "%s/%s.safetensors", run->checkpoints, name);
    return run->options.shipped && file_kept(path);
}

int shipped_path(const struct run *run, const char *path)
{
    const size_t length = strlen(run->checkpoints);
    return strncmp(path, run->checkpoints, length) == 0 && path[length] == '/';
}

// The digest that the sums' text gives for a file name; NULL when it gives none. A line is the
// digest, two spaces and the name.
static const char *sum_of(const char *sums, const char *name)
{
    const size_t length = strlen(name);
    for (const char *line = sums; line && *line;) {
        const char *end = strchr(line, '\n');
        if (end && (size_t)(end - line) == DIGITS + 2 + length &&
            strspn(line, "0123456789abcdef") == DIGITS &&
            memcmp(line + DIGITS, "  ", 2) == 0 &&
            memcmp(line + DIGITS + 2, name, length) == 0)
            return line;
        line = end ? end + 1 : NULL;
    }
    return NULL;
}

void shipped_check(char digest[HASH_HEX], const char *path)
{
    const char *slash = strrchr(path, '/');
    char sums_path[PATH_SIZE], found[HASH_HEX];
    require(slash, "%s has no folder", path);
    hash_file(found, path);
    if (digest) memcpy(digest, found, HASH_HEX);
    path_format(sums_path, "%.*s/%s", (int)(slash - path), path, SUMS);
    size_t size;
    char *sums = file_read(&size, sums_path, "git checkout results/checkpoints");
    const char *sum = sum_of(sums, slash + 1);
    if (!sum)
        die(EXIT_INPUT, "%s: is not in %s (git checkout results/checkpoints)", path,
            sums_path);
    if (memcmp(sum, found, DIGITS) != 0)
        die(EXIT_INPUT,
            "%s: is damaged: its SHA-256 is %s, that in %s is %.64s (git checkout "
            "results/checkpoints)",
            path, found, sums_path, sum);
    free(sums);
}

// Files that a killed process has left half written are none of those that are shipped.
static int is_listed(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && strcmp(entry->d_name, SUMS) != 0 &&
           !strstr(entry->d_name, ".tmp.");
}

void shipped_sums(const char *folder)
{
    struct dirent **entries;
    struct output output;
    char path[PATH_SIZE], digest[HASH_HEX];
    const int count = scandir(folder, &entries, is_listed, alphasort);
    if (count < 0) die(EXIT_INPUT, "%s: cannot be read (ship some weights)", folder);
    path_format(path, "%s/%s", folder, SUMS);
    output_open(&output, path);
    for (int i = 0; i < count; ++i) {
        path_format(path, "%s/%s", folder, entries[i]->d_name);
        hash_file(digest, path);
        fprintf(output.file, "%s  %s\n", digest, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    output_close(&output);
}
