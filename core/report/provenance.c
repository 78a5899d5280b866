#include "core/report/provenance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/base/cpu.h"
#include "core/base/die.h"
#include "core/base/files.h"
#include "core/base/text.h"
#include "core/base/tsv.h"
#include "core/report/memory.h"

static const char header[] = "what\tvalue\tkeyed\n", file_prefix[] = "file ",
                  key_name[] = "key", digest_name[] = "digest";

void provenance_add(struct provenance *provenance, const char *what, const char *value,
                    int keyed)
{
    require(!strpbrk(what, "\t\n\r") && !strpbrk(value, "\t\n\r"),
            "provenance '%s' holds a tab or a line's end: '%s'", what, value);
    require(!provenance_find(provenance, what), "provenance '%s' comes twice", what);
    provenance->lines =
        array_grow(provenance->lines, provenance->count, sizeof *provenance->lines);
    provenance->lines[provenance->count++] =
        (struct provenance_line){text_copy(what), text_copy(value), keyed != 0};
}

void provenance_set(struct provenance *provenance, const char *what, const char *value)
{
    require(!strpbrk(value, "\t\n\r"), "provenance '%s': '%s'", what, value);
    char *copy = text_copy(value);
    for (size_t i = 0; i < provenance->count; ++i)
        if (!strcmp(provenance->lines[i].what, what)) {
            require(!provenance->lines[i].keyed, "'%s' is part of the key", what);
            free(provenance->lines[i].value);
            provenance->lines[i].value = copy;
            return;
        }
    provenance_add(provenance, what, copy, 0);
    free(copy);
}

const char *provenance_find(const struct provenance *provenance, const char *what)
{
    for (size_t i = 0; i < provenance->count; ++i)
        if (!strcmp(provenance->lines[i].what, what)) return provenance->lines[i].value;
    return NULL;
}

void provenance_free(struct provenance *provenance)
{
    for (size_t i = 0; i < provenance->count; ++i) {
        free(provenance->lines[i].what);
        free(provenance->lines[i].value);
    }
    free(provenance->lines);
    *provenance = (struct provenance){0};
}

// line (size) = the first line that the shell command prints, without its end. Returns 0 when the
// command fails.
static int command_line(char *line, size_t size, const char *command)
{
    *line = 0;
    FILE *pipe = popen(command, "re");
    if (!pipe) return 0;
    if (!fgets(line, (int)size, pipe)) *line = 0;
    // Reads the rest, so that the command is not killed by a closed pipe and does not seem to fail.
    while (getc(pipe) != EOF) continue;
    line[strcspn(line, "\n")] = 0;
    return pclose(pipe) == 0;
}

void provenance_commit(char commit[HASH_HEX])
{
    char line[256];
    int found = command_line(line, sizeof line, "git rev-parse HEAD 2>/dev/null");
    size_t length = strspn(line, "0123456789abcdef");
    found = found && length >= 40 && length < HASH_HEX && !line[length];
    snprintf(commit, HASH_HEX, "%.64s", found ? line : "unknown");
}

void provenance_machine(struct provenance *provenance)
{
    char commit[HASH_HEX], line[256], cpu[CPU_NAME];
    provenance_commit(commit);
    provenance_add(provenance, "commit", commit, 0);

    // Without the optional lock, a commit made meanwhile is not disturbed.
    int known = command_line(line, sizeof line,
                             "git --no-optional-locks status --porcelain "
                             "--untracked-files=no 2>/dev/null");
    provenance_add(provenance, "dirty", !known ? "unknown" : *line ? "yes" : "no", 0);
    cpu_name(cpu, "/proc/cpuinfo");
    provenance_add(provenance, "CPU", cpu, 0);
}

void provenance_file(struct provenance *provenance, const char *name, const char *path)
{
    char digest[HASH_HEX];
    hash_file(digest, path);
    char *what = text_format("%s%s", file_prefix, name);
    provenance_add(provenance, what, digest, 0);
    free(what);
}

void provenance_key(char key[HASH_HEX], const struct provenance *provenance)
{
    struct hash hash;
    hash_open(&hash);
    for (size_t i = 0; i < provenance->count; ++i) {
        const struct provenance_line *line = &provenance->lines[i];
        if (!line->keyed) continue;
        // With the final 0 of each text, ("ab", "c") and ("a", "bc") differ.
        hash_add(&hash, line->what, strlen(line->what) + 1);
        hash_add(&hash, line->value, strlen(line->value) + 1);
    }
    hash_close(key, &hash);
}

void provenance_write(const struct provenance *provenance, const char *path)
{
    // Compose the text in memory, because its last line is the digest of what is before it.
    char key[HASH_HEX], digest[HASH_HEX], *text = NULL;
    size_t size = 0;
    FILE *memory = open_memstream(&text, &size);
    if (!memory) die(EXIT_SYSTEM, "%s: no memory to write it", path);
    provenance_key(key, provenance);
    fprintf(memory, "%s%s\t%s\t0\n", header, key_name, key);
    for (size_t i = 0; i < provenance->count; ++i)
        // One that was read has the line of its key among the others.
        if (strcmp(provenance->lines[i].what, key_name) != 0)
            fprintf(memory, "%s\t%s\t%d\n", provenance->lines[i].what,
                    provenance->lines[i].value, provenance->lines[i].keyed);
    if (fclose(memory)) die(EXIT_SYSTEM, "%s: no memory to write it", path);
    hash_bytes(digest, text, size);

    struct output output;
    output_open(&output, path);
    fwrite(text, 1, size, output.file);
    fprintf(output.file, "%s\t%s\t0\n", digest_name, digest);
    output_close(&output);
    free(text);
}

// Reads the lines between the header and the digest, which provenance_write is known to have
// written.
static int lines_read(struct provenance *provenance, char *text, const char *end)
{
    while (text < end) {
        char *line = strsep(&text, "\n");
        const char *what = strsep(&line, "\t"), *value = strsep(&line, "\t");
        if (!what || !value || !line || provenance_find(provenance, what)) return 0;
        provenance_add(provenance, what, value, !strcmp(line, "1"));
    }
    return 1;
}

// Returns 1 if `text` is the header, lines, and a last line with the digest of all before it;
// removes that line and sets *size to the rest.
static int digest_matches(char *text, size_t *size)
{
    char digest[HASH_HEX], last[HASH_HEX + 32];
    int tail =
        snprintf(last, sizeof last, "%s\t%*s\t0\n", digest_name, HASH_HEX - 1, "");
    if (*size < (size_t)tail + strlen(header) || memchr(text, 0, *size) ||
        memchr(text, '\r', *size))
        return 0;
    size_t body = *size - (size_t)tail;
    hash_bytes(digest, text, body);
    snprintf(last, sizeof last, "%s\t%s\t0\n", digest_name, digest);
    if (memcmp(text + body, last, (size_t)tail)) return 0;
    text[body] = 0;
    *size = body;
    return text_begins(text, header);
}

int provenance_read(struct provenance *provenance, const char *path)
{
    *provenance = (struct provenance){0};
    if (!file_exists(path)) return 0;
    size_t size;
    char key[HASH_HEX], *text = file_read(&size, path, NULL);
    int good = digest_matches(text, &size) &&
               lines_read(provenance, text + strlen(header), text + size);
    free(text);
    if (good) {
        const char *stored = provenance_find(provenance, key_name);
        provenance_key(key, provenance);
        good = stored && !strcmp(stored, key);
    }
    if (!good) provenance_free(provenance);
    return good;
}

// 1 when the file of a "file NAME" line has the digest of that line.
static int line_holds(const struct provenance_line *line, const char *folder)
{
    char path[PATH_SIZE], digest[HASH_HEX];
    const char *name = line->what + strlen(file_prefix);
    // An edited line may hold any name; a name that cannot be a path is not a file.
    if (strlen(folder) + strlen(name) + 1 >= sizeof path) return 0;
    path_format(path, "%s%s%s", *name == '/' ? "" : folder, *name == '/' ? "" : "/",
                name);
    if (!file_exists(path)) return 0;
    hash_file(digest, path);
    return !strcmp(digest, line->value);
}

int provenance_holds(const struct provenance *provenance, const char *folder)
{
    for (size_t i = 0; i < provenance->count; ++i) {
        const struct provenance_line *line = &provenance->lines[i];
        if (text_begins(line->what, file_prefix) && !line_holds(line, folder)) return 0;
    }
    return 1;
}

int provenance_holds_file(const struct provenance *provenance, const char *folder,
                          const char *name)
{
    size_t prefix = strlen(file_prefix);
    for (size_t i = 0; i < provenance->count; ++i) {
        const struct provenance_line *line = &provenance->lines[i];
        if (!strncmp(line->what, file_prefix, prefix) &&
            !strcmp(line->what + prefix, name))
            return line_holds(line, folder);
    }
    return 0;
}

// 1 when the folder that holds `path` is `root` (resolved) or below it, links followed.
static int is_inside(const char *path, const char *root)
{
    char holder[PATH_SIZE];
    path_format(holder, "%s", path);
    *strrchr(holder, '/') = 0;
    char *real = realpath(holder, NULL);
    size_t length = strlen(root);
    int inside = real && !strncmp(real, root, length) &&
                 (real[length] == '/' || real[length] == 0);
    free(real);
    return inside;
}

void provenance_remove(const struct provenance *provenance, const char *folder,
                       const char *keep)
{
    char path[PATH_SIZE];
    size_t prefix = strlen(file_prefix);
    char *root = realpath(folder, NULL);
    if (!root) return;
    for (size_t i = 0; i < provenance->count; ++i) {
        const char *what = provenance->lines[i].what, *name = what + prefix;
        if (strncmp(what, file_prefix, prefix) != 0 || *name == '/' ||
            (keep && !strcmp(name, keep)) ||
            strlen(folder) + strlen(name) + 1 >= sizeof path)
            continue;
        path_format(path, "%s/%s", folder, name);
        if (file_exists(path) && is_inside(path, root)) unlink(path);
    }
    free(root);
}
